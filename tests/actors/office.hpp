// Tellers and askers around one actor that is stopped at some moment, and the books of what became of each message.

#pragma once

#include <troupe/actors/handle_concurrently.hpp>
#include <troupe/actors/retry.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <string>

namespace troupe::tests {

/// Each message holds something that must not be lost.
struct letter {
  std::size_t id;
  std::unique_ptr<int> content;
};
struct inquiry {
  std::size_t id;
  std::unique_ptr<int> content;
  reply<std::size_t> to;
};
using office_message = message<letter, inquiry>;

struct office_plan {
  std::size_t capacity = 1;
  overflow on_full = overflow::suspend;
  std::size_t at_once = 1; ///< More than one: handled concurrently.
  duration max_age = duration::max();
  bool drains = false; ///< stop_after_drain, else stop_now.
  int stops_after = 0; ///< Turns.
  std::uint64_t seed = 0;
};

/// By message; each is written by one fiber at a time.
class office {
public:
  static constexpr std::size_t senders = 4;
  static constexpr std::size_t each = 8;

  explicit office(const office_plan& plan) : plan_(plan) {}

  task<> run() {
    co_await in_task_group([this](task_group& group) -> task<> {
      const auto lost = [this](office_message&& undelivered, drop_reason) {
        undelivered.visit([this](auto& kind) {
          ++books_[kind.id].lost;
          books_[kind.id].empty += kind.content == nullptr ? 1 : 0;
        });
      };
      const auto serve = [this](inbox<office_message> in) -> task<> { co_await served(std::move(in)); };
      const actor_ref ref = group.start_actor({.capacity = plan_.capacity,
                                               .on_full = plan_.on_full,
                                               .max_age = plan_.max_age,
                                               .limits = {.ask = duration::max(), .fate = duration::max()}},
                                              on_undelivered{lost}, serve);
      co_await in_task_group([&](task_group& outside) {
        for (std::size_t i = 0; i < senders; ++i)
          outside.start([this, &ref, &outside, i]() -> task<> { co_await send_some(ref, outside, i * each); });
        outside.start([this, &ref]() -> task<> {
          for (int turn = 0; turn < plan_.stops_after; ++turn)
            co_await yield();
          if (plan_.drains)
            ref.stop_after_drain();
          else
            ref.stop_now();
        });
      });
    });
  }

  /// What is wrong with the books; empty: nothing.
  std::string problems() const {
    std::string text;
    for (std::size_t id = 0; id < books_.size(); ++id) {
      const entry& of = books_[id];
      const auto wrong = [&](const char* what) { text += "message " + std::to_string(id) + ": " + what + '\n'; };
      if (of.begun > 1 || of.lost > 1 || of.told > 1)
        wrong("twice");
      if (of.empty != 0)
        wrong("lost without its content");
      switch (of.how) {
      case ended::not_sent:
        if (of.begun + of.lost != 0)
          wrong("not sent, and yet handled or lost");
        break;
      case ended::refused: // by a send, which gives it to the handler
        if (of.begun != 0 || of.lost != 1)
          wrong("refused, and handled, or not lost");
        break;
      case ended::kept: // by a try_send
        if (of.begun + of.lost != 0)
          wrong("refused to a try, and handled or lost");
        break;
      case ended::accepted:
        if (of.finished + of.lost != 1) // lost, too, where its handling was stopped in the middle
          wrong("accepted, and neither handled to its end nor lost, or both");
        break;
      case ended::answered:
        if (of.begun != 1 || of.finished != 1)
          wrong("answered, and not handled");
        break;
      case ended::nothing_begun:
        if (of.begun != 0)
          wrong("told that nothing was begun, and it was");
        break;
      case ended::begun:
        if (of.begun != 1 || of.finished != 0)
          wrong("told that it was begun and not answered, and it was not, or was");
        break;
      }
    }
    if (working_most_ > plan_.at_once)
      text += "more at once than allowed\n";
    return text;
  }
  std::size_t count_lost() const {
    return count([](const entry& of) { return of.lost == 1; });
  }
  std::size_t count_handled() const {
    return count([](const entry& of) { return of.begun == 1; });
  }

private:
  enum class ended { not_sent, refused, kept, accepted, answered, nothing_begun, begun };
  struct entry {
    std::atomic<int> begun{0}, finished{0}, lost{0}, empty{0}, told{0};
    ended how = ended::not_sent;
  };

  template <class Is>
  std::size_t count(Is is) const {
    std::size_t found = 0;
    for (const entry& each_one : books_)
      found += is(each_one) ? 1 : 0;
    return found;
  }

  task<> served(inbox<office_message> in) {
    if (plan_.at_once > 1) {
      co_await handle_concurrently(in, plan_.at_once, [this](office_message& m) { return handled(m); });
      co_return;
    }
    while (auto next = co_await in.receive())
      co_await handled(*next);
  }
  task<> handled(office_message& m) {
    return m.match([this](letter& told) -> task<> { co_await work(told.id); },
                   [this](inquiry& asked) -> task<> {
                     co_await work(asked.id);
                     asked.to(asked.id);
                   });
  }
  task<> work(std::size_t id) {
    ++books_[id].begun;
    const std::size_t now = ++working_;
    for (std::size_t most = working_most_; most < now && !working_most_.compare_exchange_weak(most, now);)
      continue;
    const struct leaves {
      std::atomic<std::size_t>& of;
      ~leaves() { --of; }
    } leaving{working_};
    for (std::size_t turn = 0; turn < id % 3; ++turn)
      co_await yield();
    if (id % 4 == 3)
      co_await sleep_for(std::chrono::microseconds{id});
    ++books_[id].finished;
  }

  static task<send_status> told(const actor_ref<office_message>& to, std::size_t id) {
    const send_status status = co_await to.tell<letter>(id, std::make_unique<int>(1));
    co_return status;
  }
  static ended ended_as(send_status status) {
    return status == send_status::accepted ? ended::accepted : ended::refused;
  }
  task<> told_later(child<send_status> sent, std::size_t id) {
    const send_status status = co_await sent.value();
    books_[id].how = ended_as(status);
  }

  task<> send_some(const actor_ref<office_message>& to, task_group& outside, std::size_t first) {
    std::mt19937_64 random{plan_.seed * senders + first};
    for (std::size_t id = first; id < first + each; ++id) {
      entry& of = books_[id];
      const auto limit = std::chrono::microseconds{1 + random() % 40};
      switch (random() % 6) {
      case 0:
        of.how = ended_as(co_await told(to, id));
        break;
      case 1:
        of.how =
            to.try_tell<letter>(id, std::make_unique<int>(1)) == send_status::accepted ? ended::accepted : ended::kept;
        break;
      case 2: { // one that was cancelled while it waited is lost
        const std::optional<send_status> status = co_await move_on_after(limit, told(to, id));
        of.how = status ? ended_as(*status) : ended::refused;
        break;
      }
      case 3:
        outside.start([this, &to, &outside, id]() -> task<> {
          co_await told_later(
              to.tell_after<letter>(outside, std::chrono::microseconds{id}, id, std::make_unique<int>(1)), id);
        });
        break;
      default: {
        const outcome<std::size_t> answer =
            co_await as_outcome(fail_after(limit, to.ask<inquiry>(id, std::make_unique<int>(1))));
        of.how = ended_as(answer);
        break;
      }
      }
      ++of.told;
    }
  }
  static ended ended_as(const outcome<std::size_t>& answer) {
    if (!answer.has_error())
      return ended::answered;
    try {
      std::rethrow_exception(answer.error());
    } catch (const ask_error& failed) {
      return failed.nothing_begun() ? ended::nothing_begun : ended::begun;
    } catch (const deadline_exceeded& late) {
      return late.fate() != nullptr ? ended_as(outcome<std::size_t>{late.fate()}) : ended::not_sent;
    } catch (...) {
      return ended::begun;
    }
  }

  const office_plan plan_;
  std::array<entry, senders * each> books_;
  std::atomic<std::size_t> working_{0}, working_most_{0};
};

inline office_plan any_office(std::uint64_t seed) {
  std::mt19937_64 random{seed};
  constexpr std::array<overflow, 5> strategies{overflow::suspend, overflow::suspend, overflow::reject,
                                               overflow::drop_newest, overflow::drop_oldest};
  office_plan plan;
  plan.seed = seed;
  plan.capacity = random() % 2 == 0 ? 1 : 100;
  plan.on_full = strategies[random() % strategies.size()];
  plan.at_once = random() % 3 == 0 ? 3 : 1;
  if (random() % 4 == 0)
    plan.max_age = std::chrono::microseconds{1 + random() % 30};
  plan.drains = random() % 2 == 0;
  plan.stops_after = static_cast<int>(random() % 60);
  return plan;
}

} // namespace troupe::tests
