// The concurrency programs of the Savina suite in which an actor asks another one while it serves.

#pragma once

#include <tests/savina/savina.hpp>

#include <troupe/scope/task.hpp>

#include <cstddef>

namespace troupe::savina {

/// SV-14: series whose next term is computed by somebody else.
struct logistic_map_size {
  std::size_t series = 10;
  std::size_t terms = 25'000; ///< Of each.
};
task<findings> logistic_map(logistic_map_size size, setting how);

/// SV-15: an account asks another one while it serves a transfer.
struct banking_size {
  std::size_t accounts = 1'000;
  std::size_t transfers = 50'000;
  std::size_t tellers = 10;
};
/// Each transfer goes from the lower account to the higher one, so that no cycle of asks can close.
task<findings> banking(banking_size size, setting how);
/// From any account to any other one: the ask that would close a cycle is told so, the transfer is refused and tried
/// again. `refused` is how often that was.
task<findings> banking_in_any_order(banking_size size, setting how, std::size_t& refused);

} // namespace troupe::savina
