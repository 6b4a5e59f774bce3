// What `--observe [PORT]` and `--control` mean for what the command runs.

#pragma once

#include <troupe/observe/observer.hpp>
#include <troupe/runtime/runtime.hpp>
#include <troupe/tools/conclusion.hpp>
#include <troupe/tools/observe_options.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

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

/// `run_tree`, seen by who follows `observe`. `what.tree` is set here; null for an `observe` that was not asked for.
template <class Run>
ended_tree run_observed(task<> (*work)(Run&), Run& run, const std::function<void(instant)>& finish,
                        const observe_options& observe, observed what, event_sink* sink = nullptr) {
  const std::unique_ptr<observer> live = make_observer(observe, sink);
  runtime here{{.sink = live ? &live->sink() : sink}};
  what.tree = [&here] { return here.snapshot(); };
  std::optional<observation> seen;
  if (live)
    seen.emplace(live->attach(std::move(what)));
  outcome<> how = here.run(work, std::ref(run));
  const instant at = here.fibers().time().now();
  finish(at);
  return {std::move(how), here.signalled(), at};
}

} // namespace troupe::tools
