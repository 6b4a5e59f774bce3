// Random commands to a supervisor, and to a model of one that is sequential and simple enough to be believed.

#include <troupe/supervision/caretaker.hpp>

#include "children.hpp"

#include <tests/catch.hpp>
#include <tests/failures.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/simulation/random.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <algorithm>
#include <deque>
#include <map>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// OTP's supervisor, as its documentation has it.
class model {
public:
  explicit model(const supervisor_options& options) : options_(options) {}

  struct entry {
    std::string name;
    restart_type type;
    bool significant;
    bool up = true;
    bool wanted = true;
    int incarnation = 1;
  };

  void start(std::string name, restart_type type, bool significant) {
    children_.push_back({std::move(name), type, significant});
  }
  void stop(const std::string& name) {
    entry& it = *find(name);
    it.up = it.wanted = false;
    if (it.type == restart_type::temporary || options_.strategy == restart_strategy::dynamic)
      children_.erase(find(name));
  }
  void restart(const std::string& name) {
    entry& it = *find(name);
    it.up = it.wanted = true;
    ++it.incarnation;
  }
  void remove(const std::string& name) { children_.erase(find(name)); }
  void reconfigure(const supervisor_options& options) { options_ = options; }
  void reconfigure(const std::string& name, restart_type type, bool significant) {
    const auto it = find(name);
    it->type = type;
    it->significant = significant;
    if (!it->up && type == restart_type::temporary)
      children_.erase(it);
  }

  void ends(const std::string& name, exit_kind how, instant now) {
    const auto ended = find(name);
    ended->up = false;
    if (!restarts_after(ended->type, how)) {
      const bool counts = ended->significant;
      if (ended->type == restart_type::temporary || options_.strategy == restart_strategy::dynamic)
        children_.erase(ended);
      stopped_ = counts && (options_.stops == auto_shutdown::any_significant ||
                            (options_.stops == auto_shutdown::all_significant && !any_significant_is_up()));
      return;
    }
    restarts_.push_back(now);
    while (restarts_.front() + options_.period < now)
      restarts_.pop_front();
    if (restarts_.size() > options_.intensity) {
      gave_up_ = true;
      children_.clear();
      return;
    }
    auto from = ended;
    auto to = ended + 1;
    if (options_.strategy == restart_strategy::one_for_all)
      from = children_.begin();
    if (options_.strategy == restart_strategy::one_for_all || options_.strategy == restart_strategy::rest_for_one)
      to = children_.end();
    std::vector<entry> after(children_.begin(), from);
    for (; from != to; ++from) {
      if (from->type == restart_type::temporary)
        continue;
      after.push_back(*from);
      if (from->wanted) {
        after.back().up = true;
        ++after.back().incarnation;
      }
    }
    after.insert(after.end(), to, children_.end());
    children_ = std::move(after);
  }

  std::vector<entry>::iterator find(const std::string& name) {
    return std::find_if(children_.begin(), children_.end(), [&](const entry& each) { return each.name == name; });
  }
  const std::vector<entry>& children() const { return children_; }
  bool gave_up() const { return gave_up_; }
  /// By itself, because significant children have ended.
  bool stopped() const { return stopped_; }
  std::string text() const {
    std::string all;
    for (const entry& each : children_)
      all += each.name + (each.up ? ":up:" : ":down:") + std::to_string(each.incarnation) + ' ';
    return all;
  }

private:
  bool any_significant_is_up() const {
    return std::any_of(children_.begin(), children_.end(),
                       [](const entry& each) { return each.significant && each.up; });
  }

  supervisor_options options_;
  std::vector<entry> children_;
  std::deque<instant> restarts_;
  bool gave_up_ = false;
  bool stopped_ = false;
};

task<> puppet(receiver<exit_kind> strings) {
  const auto told = co_await strings.receive();
  if (told && *told == exit_kind::failed)
    throw std::runtime_error("it fails");
}

/// One run of random commands; what went wrong, or nothing.
class marionettes {
public:
  explicit marionettes(std::uint64_t seed) : random_(seed), model_(draw_options(4)) {
    simulator simulated{{.seed = seed}};
    const outcome<> ended = simulated.run(
        [this]() -> task<> { co_await supervise(options_, [this](supervisor& top) { return moves(top); }); });
    if (ended.has_error() != model_.gave_up())
      problem_ += ended.has_error() ? "gave up, and should not: " + message_of(ended.error()) : "did not give up";
    else if (was_stopped_ != (model_.gave_up() || model_.stopped()))
      problem_ += log_ + (was_stopped_ ? "stopped, and should not" : "did not stop");
  }
  const std::string& problem() const { return problem_; }

private:
  /// Of the first so many strategies; a supervisor that is dynamic stays so.
  const supervisor_options& draw_options(std::uint64_t strategies) {
    if (options_.strategy != restart_strategy::dynamic)
      options_.strategy = static_cast<restart_strategy>(random_.below(strategies));
    if (options_.strategy != restart_strategy::dynamic)
      options_.stops = static_cast<auto_shutdown>(random_.below(3));
    options_.intensity = random_.below(4);
    options_.period = std::chrono::seconds{1 + random_.below(4)};
    return options_;
  }

  bool draw_significance(restart_type type) {
    return random_.below(2) == 0 && type != restart_type::permanent && options_.stops != auto_shutdown::never;
  }

  task<> moves(supervisor& top) {
    for (int i = 0; i < 30 && problem_.empty(); ++i) {
      co_await move(top);
      co_await sleep_for(std::chrono::milliseconds{1 + 500 * random_.below(4)}); // all has come to rest
      if (model_.gave_up() || model_.stopped())
        break;
      compare(top);
    }
    was_stopped_ = false; // we are still here
  }

  task<> move(supervisor& top) {
    const std::uint64_t what = random_.below(12);
    if (what >= 10)
      co_return reconfigure(top, what == 10);
    if (what < 3 || model_.children().empty()) {
      co_await start(top);
      co_return;
    }
    const model::entry chosen = model_.children()[random_.below(model_.children().size())];
    const bool is_static = options_.strategy != restart_strategy::dynamic;
    log_ += chosen.name;
    if (!chosen.up) {
      if (what < 7) {
        log_ += " restart, ";
        co_await top.restart(chosen.name);
        model_.restart(chosen.name);
      } else {
        log_ += " remove, ";
        co_await top.remove(chosen.name);
        model_.remove(chosen.name);
      }
    } else if (what == 9) {
      log_ += " stop, ";
      if (is_static)
        co_await top.stop(chosen.name);
      else
        co_await top.stop(hands_.at(chosen.name).child);
      model_.stop(chosen.name);
    } else {
      constexpr exit_kind kinds[] = {exit_kind::normal, exit_kind::cancelled, exit_kind::failed, exit_kind::failed,
                                     exit_kind::killed};
      const exit_kind how = kinds[random_.below(5)];
      log_ += " " + std::string(to_string(how)) + ", ";
      const instant at = now();
      end(chosen.name, how);
      model_.ends(chosen.name, how, at);
    }
  }

  task<> start(supervisor& top) {
    const std::string name = "c" + std::to_string(++started_);
    const auto type = static_cast<restart_type>(random_.below(3));
    const bool significant = draw_significance(type);
    log_ += name + " start " + std::string(to_string(type)) + (significant ? " significant, " : ", ");
    mailbox<exit_kind> strings{capacity{4}};
    const bool is_static = options_.strategy != restart_strategy::dynamic;
    const child_spec spec{
        .name = is_static ? std::string_view(name) : std::string_view(), .restart = type, .significant = significant};
    supervised child = co_await top.start(spec, puppet, strings.receiver());
    hands_.emplace(name, hand{std::move(child), strings.sender()});
    model_.start(name, type, significant);
  }

  void reconfigure(supervisor& top, bool a_child) {
    if (a_child && options_.strategy != restart_strategy::dynamic && !model_.children().empty()) {
      const std::string name = model_.children()[random_.below(model_.children().size())].name;
      const auto type = static_cast<restart_type>(random_.below(3));
      const bool significant = draw_significance(type);
      log_ += name + " becomes " + std::string(to_string(type)) + (significant ? " significant, " : ", ");
      top.reconfigure(name, {.restart = type, .significant = significant});
      model_.reconfigure(name, type, significant);
      return;
    }
    log_ += "other options, ";
    draw_options(3);
    top.reconfigure(options_);
    model_.reconfigure(options_);
  }

  void end(const std::string& name, exit_kind how) {
    const hand& held = hands_.at(name);
    if (how == exit_kind::cancelled)
      held.child.cancel();
    else if (how == exit_kind::killed)
      held.child.kill();
    else
      static_cast<void>(held.strings.try_send(exit_kind{how}));
  }

  void compare(supervisor& top) {
    std::string found;
    for (const supervised& each : top.children()) {
      std::string name = each.name();
      for (const auto& [known, held] : hands_)
        if (held.child == each)
          name = known;
      found +=
          name + (each.state() == child_status::running ? ":up:" : ":down:") + std::to_string(each.incarnation()) + ' ';
    }
    if (found != model_.text())
      problem_ = log_ + "\n  is     " + found + "\n  should " + model_.text();
  }

  struct hand {
    supervised child;
    sender<exit_kind> strings;
  };

  seeded_random random_;
  supervisor_options options_;
  model model_;
  std::map<std::string, hand> hands_;
  int started_ = 0;
  bool was_stopped_ = true; // before its moves were over
  std::string log_;
  std::string problem_;
};

} // namespace

TEST_CASE("a supervisor does what a sequential model of one does, whatever it is told", "[supervision][A5][A9]") {
  const std::size_t count = sanitized ? seeds(10'000) : seeds(100'000);
  for (std::uint64_t seed = 0; seed < count; ++seed) {
    INFO("seed " << seed);
    const marionettes run{seed};
    REQUIRE(run.problem() == "");
  }
}
