// The errors of supervisors: a child that did not start, and a supervisor that gives up.

#pragma once

#include <troupe/scope/time_source.hpp>
#include <troupe/supervision/exit_reason.hpp>
#include <troupe/supervision/restart_policy.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// A child did not start: it failed before it had, its time was up, or its supervisor was stopping.
class start_failed : public std::runtime_error {
public:
  /// @param cause  null: no exception
  start_failed(const std::string& what, std::exception_ptr cause)
      : std::runtime_error(what), cause_(std::move(cause)) {}

  const std::exception_ptr& cause() const noexcept { return cause_; }

private:
  std::exception_ptr cause_;
};

/// One failure of a child.
struct child_failure {
  std::string path;
  std::uint64_t incarnation = 0; ///< Which of its runs, from 1.
  exit_reason reason;
  instant at{};
};

/// Why a supervisor has given up.
enum class escalation : std::uint8_t {
  none,
  intensity, ///< It would have been more restarts than its own `intensity` allows.
  budget,    ///< It would have been more than a `restart_budget` of its tree does.
};

/// A supervisor has given up: there were more restarts than its intensity, or the tree's budget, allows. Where the child that failed last is a
/// supervisor itself, its error is another one of these.
class escalated : public std::runtime_error {
public:
  /// How many failures it tells of.
  static constexpr std::size_t failures_max = 100;

  /// @param supervisor  its path
  /// @param own         its intensity and period
  escalated(const std::string& supervisor, escalation why, const restart_budget& own,
            std::vector<child_failure> failures);

  escalation why() const noexcept { return why_; }

  /// The last ones, in order of time: the one that was too many, and before it those of the same period.
  const std::vector<child_failure>& failures() const noexcept { return failures_; }

private:
  escalation why_;
  std::vector<child_failure> failures_;
};

} // namespace troupe
