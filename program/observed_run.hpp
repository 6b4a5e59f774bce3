// What `--observe [PORT]` and `--control` mean for what the command runs.

#pragma once

#include <troupe/observe/observer.hpp>
#include <troupe/program/conclusion.hpp>
#include <troupe/program/live_tree.hpp>
#include <troupe/program/observe_options.hpp>
#include <troupe/program/terminal_screen.hpp>
#include <troupe/runtime/runtime.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <memory>
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
  CLI::Option* observe_given_ = nullptr;
};

/// The observer that was asked for, and says on standard error where it is; null: none was.
///
/// @param next  is given every event as well; null: nobody
/// @throws std::system_error: the port is taken
std::unique_ptr<observer> make_observer(const observe_options& asked, event_sink* next);

/// `run_tree`, seen by who follows `observe`, and on `screen`, if there is one, with `about` above it. `what.tree` is set
/// here; null for an `observe` that was not asked for.
template <class Run>
ended_tree run_observed(task<> (*work)(Run&), Run& run, const std::function<void(instant)>& finish,
                        const observe_options& observe, observed what, event_sink* sink = nullptr,
                        terminal_screen* screen = nullptr, std::vector<std::string> about = {}) {
  const std::unique_ptr<observer> live = make_observer(observe, sink);
  runtime here{{.sink = live ? &live->sink() : sink, .before_exit = &terminal_screen::leave}};
  what.tree = [&here] { return here.snapshot(); };
  std::optional<live_tree> drawn;
  if (screen != nullptr) {
    if (live)
      about.push_back("at " + live->url());
    drawn.emplace(*screen, what, std::move(about));
  }
  std::optional<observation> seen;
  if (live)
    seen.emplace(live->attach(std::move(what)));
  outcome<> how = here.run(work, std::ref(run));
  drawn.reset();
  const instant at = here.fibers().time().now();
  finish(at);
  return {std::move(how), here.signalled(), at};
}

} // namespace troupe::tools
