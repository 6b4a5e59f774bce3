// An actor that CAF's actors talk to, on a runtime of its own: for the tests of faces.

#pragma once

#include <troupe/runtime/caf_face.hpp>
#include <troupe/runtime/runtime.hpp>

#include <tests/catch.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/root.hpp>
#include <troupe/supervision/supervised_actor.hpp>

#include <caf/all.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::tests {

using deposit_atom = caf::atom_constant<caf::atom("deposit")>;
using hold_atom = caf::atom_constant<caf::atom("hold")>;
using fail_atom = caf::atom_constant<caf::atom("fail")>;
using forget_atom = caf::atom_constant<caf::atom("forget")>;

/// Asks for the new balance.
struct deposit {
  int amount;
  reply<int> to;
};
/// Told, not asked.
struct note {
  int id;
};
/// Waits until it is let go.
struct hold {
  reply<void> to;
};
/// Fails.
struct fail {
  reply<int> to;
};
/// Is not answered.
struct forget {
  reply<int> to;
};
struct greeting {
  std::string name;
  reply<std::string> to;
};
using teller_message = message<deposit, note, hold, fail, forget, greeting>;
using teller_ref = actor_ref<teller_message>;

/// How long a test waits for what must come: for a machine that stands still, not for us.
constexpr std::chrono::minutes patience{2};

/// What fibers tell the test's thread.
class words {
public:
  void say(std::string word) {
    const std::lock_guard held{lock_};
    said_.push_back(std::move(word));
    more_.notify_all();
  }
  /// Waits for the next one.
  std::string next() {
    std::unique_lock held{lock_};
    if (!more_.wait_for(held, patience, [this] { return !said_.empty(); }))
      return "nothing was said";
    std::string word = std::move(said_.front());
    said_.pop_front();
    return word;
  }
  bool silent() {
    const std::lock_guard held{lock_};
    return said_.empty();
  }

private:
  std::mutex lock_;
  std::condition_variable more_;
  std::deque<std::string> said_;
};

inline task<> teller(inbox<teller_message> in, words& said, receiver<int> go) {
  int balance = 0;
  while (auto next = co_await in.receive()) {
    co_await yield(); // off its thread, so its mailbox has heard that there is room
    co_await next->match([&](deposit& asked) { asked.to(balance += asked.amount); },
                         [&](note& told) { said.say("note " + std::to_string(told.id)); },
                         [&](hold& asked) -> task<> {
                           said.say("held");
                           if (auto let_go = co_await go.receive())
                             asked.to();
                         },
                         [](fail&) { throw std::runtime_error("the teller fails"); }, [](forget&) {},
                         [](greeting& asked) { asked.to("hello " + asked.name); });
  }
}

inline caf::actor shown(caf::actor_system& system, const teller_ref& ref) {
  return as_caf_actor(
      system, ref,
      [](deposit_atom, int amount) {
        return deposit{amount, {}};
      },
      [](int id) { return note{id}; }, [](hold_atom) { return hold{{}}; }, [](fail_atom) { return fail{{}}; },
      [](forget_atom) { return forget{{}}; },
      [](std::string&& name) {
        if (name.empty())
          throw std::invalid_argument("nobody has no name");
        return greeting{std::move(name), {}};
      });
}

/// A runtime with a root that has started a teller, and waits until this goes.
class teller_place {
public:
  explicit teller_place(const actor_options& options = {}) { begin(in_a_group, options); }
  explicit teller_place(const actor_spec& spec) { begin(under_a_supervisor, spec); }
  ~teller_place() { static_cast<void>(end()); }
  teller_place(const teller_place&) = delete;
  teller_place& operator=(const teller_place&) = delete;

  /// Ends the tree. How that was.
  outcome<> end() {
    if (top_)
      top_->cancel();
    return wait();
  }
  /// Waits until it has ended.
  outcome<> wait() {
    if (!top_)
      return {};
    top_->wait();
    return std::exchange(top_, nullptr)->take();
  }
  /// Has the supervisor do it, and waits for that.
  void order(std::string what) {
    REQUIRE(order_.try_send(std::move(what)) == send_status::accepted);
    CHECK(said.next() == "done");
  }
  /// Lets one `hold` go.
  void let_go() { REQUIRE(go_.try_send(0) == send_status::accepted); }

  executor& fibers() { return here_.fibers(); }
  caf::actor_system& system() { return here_.actor_system(); }
  const teller_ref& ref() const { return *ref_; }
  /// The only address but for those of CAF goes.
  void forget_ref() { ref_.reset(); }
  caf::actor face() { return shown(system(), *ref_); }
  std::uint64_t dropped(drop_reason why) const { return ref_->statistics().dropped_by(why); }

  words said;

private:
  template <class Function, class Options>
  void begin(Function function, const Options& options) {
    top_ = make_root(here_.fibers(), function, std::ref(*this), options);
    top_->start();
    REQUIRE(said.next() == "ready");
  }
  auto lost() {
    return [this](teller_message&&, drop_reason why) { said.say(std::string(to_string(why))); };
  }
  static task<> in_a_group(teller_place& self, actor_options options) {
    co_await in_task_group([&](task_group& group) -> task<> {
      self.ref_ =
          group.start_actor(options, on_undelivered{self.lost()}, teller, std::ref(self.said), self.going_.receiver());
      self.said.say("ready");
      co_return;
    });
  }
  static task<> under_a_supervisor(teller_place& self, actor_spec spec) {
    receiver<std::string> orders = self.orders_.receiver();
    co_await supervise({.intensity = 10}, [&](supervisor& top) -> task<> {
      self.ref_ = co_await top.start_actor(spec, on_undelivered{self.lost()}, teller, std::ref(self.said),
                                           self.going_.receiver());
      self.said.say("ready");
      while (auto order = co_await orders.receive()) {
        if (*order == "stop")
          co_await top.stop("teller");
        else
          co_await top.restart("teller");
        self.said.say("done");
      }
    });
  }

  runtime here_{{.workers = 2, .handle_signals = false}};
  const mailbox<int> going_{capacity{100}};
  const sender<int> go_ = going_.sender();
  const mailbox<std::string> orders_{capacity{1}};
  const sender<std::string> order_ = orders_.sender();
  std::optional<teller_ref> ref_;
  std::unique_ptr<root<void>> top_;
};

/// Requests from `whom`, and waits: what it has answered, as a word, or `ask_failure`, or a `caf::sec`.
template <class T = int, class... Args>
std::string asked(const caf::scoped_actor& self, const caf::actor& whom, const Args&... args) {
  std::string got;
  const auto failed = [&](const caf::error& error) {
    const std::optional<ask_failure> why = ask_failure_in(error);
    got = why ? std::string(to_string(*why)) : self->system().render(error);
  };
  if constexpr (std::is_void_v<T>)
    self->request(whom, patience, args...).receive([&] { got = "nothing"; }, failed);
  else
    self->request(whom, patience, args...)
        .receive(
            [&](const T& value) {
              if constexpr (std::is_same_v<T, int>)
                got = std::to_string(value);
              else
                got = value;
            },
            failed);
  return got;
}

/// The same, again while the answer is `not_yet`: for a moment that nobody tells of.
template <class... Args>
std::string asked_unless(std::string_view not_yet, const Args&... args) {
  std::string got = asked(args...);
  while (got == not_yet)
    got = asked(args...);
  return got;
}

/// Answers that requests got.
struct answer_counts {
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> overflown{0};
};

/// Sends to `whom` from so many threads, each so often: of four messages three are plain, and one is a request of a
/// deposit that is answered with its amount.
inline void send_on_threads(caf::actor_system& system, const caf::actor& whom, int senders, int rounds,
                            answer_counts& counts) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < senders; ++thread)
    threads.emplace_back([&, thread] {
      const caf::scoped_actor self{system};
      for (int i = 0; i < rounds; ++i) {
        if ((i + thread) % 4 != 0)
          self->send(whom, i);
        else
          self->request(whom, patience, deposit_atom::value, i)
              .receive(
                  [&](int amount) { counts.answered.fetch_add(amount == i ? 1 : 0); },
                  [&](const caf::error& error) { counts.overflown.fetch_add(error == ask_failure::overflow ? 1 : 0); });
      }
    });
  for (std::thread& each : threads)
    each.join();
}

/// A place with a teller that handles a `hold` and has a full mailbox, one deposit of 1.
class full_place : public teller_place {
public:
  explicit full_place(overflow on_full = overflow::suspend)
      : teller_place(actor_options{.capacity = 1, .on_full = on_full}), whom(face()) {
    caf::anon_send(whom, hold_atom::value);
    REQUIRE(said.next() == "held");
    caf::anon_send(whom, deposit_atom::value, 1);
    REQUIRE(ref().statistics().depth == 1);
  }

  caf::actor whom;
};

} // namespace troupe::tests
