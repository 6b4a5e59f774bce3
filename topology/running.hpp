// A topology that runs: what one sees of it meanwhile, what one can do to it, and what came of it.

#pragma once

#include <troupe/mailbox/statistics.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/topology/description.hpp>
#include <troupe/topology/kinds.hpp>
#include <troupe/topology/report.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::topology {

namespace detail {
class live;
}

/// What one can do to an actor that runs, from outside.
enum class action : std::uint8_t {
  crash,   ///< It fails, at once where it waits: what comes of that is its supervisor's business.
  cancel,  ///< Its run is stopped: a permanent one is started anew, others are done.
  restart, ///< Its run is ended such that it is started anew.
};

/// One run of a topology. It may be made, looked at and taken down outside of any fiber; `run` runs it, once.
class running {
public:
  /// @param known  must live until it has gone, and has each kind that is named
  /// @throws `std::invalid_argument`: what `check` calls an error, when no file has expected it
  running(description what, const kinds& known);
  ~running();
  running(const running&) = delete;
  running& operator=(const running&) = delete;

  const description& described() const noexcept;

  /// Each edge as it is now; empty before it runs.
  ///
  /// @thread any
  std::vector<edge_counts> edges() const;
  /// @thread any
  std::vector<node_counts> nodes() const;

  /// Does something to the actor, or supervisor, of that path, or of that name.
  ///
  /// @returns what is wrong, in a sentence; empty: it is done, or under way
  /// @thread  any
  std::optional<std::string> control(action what, std::string_view path);
  /// Ends it, as when its time is over.
  ///
  /// @thread any
  void stop() noexcept;

  /// Whether it has begun to end: its actors are being stopped, or have gone.
  ///
  /// @thread any
  bool is_ending() const noexcept;

  /// What came of it.
  ///
  /// @pre `run` has ended, or was stopped
  report result() const;

private:
  friend task<> run(running& what);

  std::shared_ptr<detail::live> live_;
};

/// Runs it to its end: until all is done, its time is over, it has given up, or nodes wait for each other in a cycle.
/// Any executor will do. How it ended is in `result()`, and no error of this.
///
/// @suspends until its tree has ended
/// @cancel   its tree is stopped, then the stop goes on
/// @throws   std::bad_alloc
task<> run(running& what);

} // namespace troupe::topology
