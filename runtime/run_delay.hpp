// How long a thread has waited for a CPU.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <optional>

namespace troupe::detail {

/// How long this thread of the process was ready to run, and others had the CPU, since it began. A wait that goes on is
/// not counted before it is over. Empty: the system does not say, the thread has gone, or there is no descriptor left.
///
/// @param thread  as gettid(2) has it
/// @thread any
std::optional<duration> run_delay(int thread) noexcept;

} // namespace troupe::detail
