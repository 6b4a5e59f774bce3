// How a demo ends: its tree, what is printed, and the exit code.

#pragma once

#include <troupe/program/books.hpp>
#include <troupe/program/exit_code.hpp>
#include <troupe/runtime/runtime.hpp>
#include <troupe/scope/outcome.hpp>

#include <functional>
#include <string>

namespace troupe::tools {

/// On standard error, as a whole.
void say(const std::string& text) noexcept;
/// On standard output. A reader that has gone is quietly accepted, any other failure is an error.
exit_code print(const std::string& text);

/// How a tree ended, when its runtime is gone.
struct ended_tree {
  outcome<> how;
  int signal; ///< That stopped it; 0: none.
  instant at;
};

/// Runs `work(run)` on a runtime; `finish` is called when it has ended, before the runtime goes.
///
/// @param sink  for the events; null: nobody takes them
template <class Run>
ended_tree run_tree(task<> (*work)(Run&), Run& run, const std::function<void(instant)>& finish,
                    event_sink* sink = nullptr) {
  runtime here{{.sink = sink}};
  outcome<> how = here.run(work, std::ref(run));
  const instant at = here.fibers().time().now();
  finish(at);
  return {std::move(how), here.signalled(), at};
}

/// Why the run is not whole; empty: it is.
std::string reason_of(const ended_tree& run);

/// Prints the report; then the first that applies: it cannot be written, the books are wrong, the run was stopped, it
/// failed with `failure`.
exit_code conclude(const std::string& report, const books& audited, const ended_tree& run, const std::string& failure);

} // namespace troupe::tools
