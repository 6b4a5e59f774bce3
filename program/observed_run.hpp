// What `--observe [PORT]`, `--control` and `--keep` mean for what the command runs.

#pragma once

#include <troupe/observe/observer.hpp>
#include <troupe/program/awaited_signals.hpp>
#include <troupe/program/cli_names.hpp>
#include <troupe/program/conclusion.hpp>
#include <troupe/program/live_tree.hpp>
#include <troupe/program/observe_options.hpp>
#include <troupe/program/terminal_screen.hpp>
#include <troupe/runtime/runtime.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tools {

/// Where these options go.
class observe_command_line {
public:
  void add_options(CLI::App& to);
  /// What was given, once it has been read.
  observe_options asked() const;

private:
  std::uint16_t port_ = 0;
  bool control_ = false;
  bool keep_ = false;
  CLI::Option* observe_given_ = nullptr;
};

/// The observer that was asked for, if one was: before the tree, and after it.
///
/// @thread made and destroyed on the one that makes the runtime, before that
class live_view {
public:
  /// Says on standard error where it is.
  ///
  /// @param next       is given every event as well; null: nobody
  /// @param is_ending  whether the tree has begun to end, from any thread: what is left of it then is not what it was;
  ///                   null: that is not known
  /// @throws std::runtime_error: the port is taken; says what to do
  live_view(const observe_options& asked, event_sink* next, std::function<bool()> is_ending = nullptr);

  /// Null: none was asked for.
  observer* get() noexcept { return live_ ? &*live_ : nullptr; }
  /// `tree`, and once that is empty, what it was before it began to end: for one thread at a time.
  std::function<tree_snapshot()> lasting(std::function<tree_snapshot()> tree) const;
  /// Serves the last state of the tree until a SIGINT or SIGTERM, where that is to be: it was asked for, or standard output
  /// is a terminal, so that somebody is there. Not where such a signal has ended the tree.
  void keep(const ended_tree& end);

private:
  std::function<bool()> is_ending_;
  std::optional<awaited_signals> signals_; // where it is to be kept; masked before the observer has threads
  std::optional<observer> live_;
};

/// `run_tree`, seen by who follows `view`, and on `screen`, if there is one, with `about` above it. `what.tree` is set
/// here; `sink` takes the events where there is no view.
template <class Run>
ended_tree run_observed(task<> (*work)(Run&), Run& run, const std::function<void(instant)>& finish, live_view& view,
                        observed what, event_sink* sink = nullptr, terminal_screen* screen = nullptr,
                        std::vector<std::string> about = {}) {
  observer* const live = view.get();
  runtime here{{.sink = live != nullptr ? &live->sink() : sink, .before_exit = &terminal_screen::leave}};
  what.tree = [&here] { return here.snapshot(); };
  std::optional<live_tree> drawn;
  if (screen != nullptr) {
    if (live != nullptr)
      about.push_back("at " + live->url());
    drawn.emplace(*screen, what, std::move(about));
  }
  std::optional<observation> seen;
  if (live != nullptr) {
    what.tree = view.lasting(std::move(what.tree));
    seen.emplace(live->attach(std::move(what)));
  }
  outcome<> how = here.run(work, std::ref(run));
  drawn.reset();
  const instant at = here.fibers().time().now();
  finish(at);
  return {std::move(how), here.signalled(), at};
}

} // namespace troupe::tools
