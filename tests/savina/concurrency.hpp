// The concurrency programs of the Savina suite: actors that contend for something.

#pragma once

#include <tests/savina/savina.hpp>

#include <troupe/scope/task.hpp>

#include <cstddef>
#include <cstdint>

namespace troupe::savina {

/// SV-08: clients read and write one dictionary.
struct dictionary_size {
  std::size_t workers = 20;
  std::size_t messages = 10'000; ///< By each.
  std::uint64_t writes_percent = 10;
  std::uint64_t keys = 512;
};
task<findings> concurrent_dictionary(dictionary_size size, setting how);

/// SV-09: the same with a sorted list, and questions for its size.
struct sorted_list_size {
  std::size_t workers = 20;
  std::size_t messages = 8'000; ///< By each.
  std::uint64_t writes_percent = 10;
  std::uint64_t sizes_percent = 1;
  std::uint64_t keys = 100'000;
};
task<findings> concurrent_sorted_list(sorted_list_size size, setting how);

/// SV-10: producers and consumers around a manager with a bounded buffer.
struct bounded_buffer_size {
  std::size_t buffer = 50;
  std::size_t producers = 40;
  std::size_t items = 1'000; ///< Of each producer.
  std::size_t consumers = 40;
};
task<findings> bounded_buffer(bounded_buffer_size size, setting how);

/// SV-11: philosophers and an arbiter of their forks.
struct philosophers_size {
  std::size_t philosophers = 20;
  std::size_t rounds = 10'000; ///< Of each.
};
task<findings> dining_philosophers(philosophers_size size, setting how);

/// SV-12: customers who come again when the waiting room is full.
struct barber_size {
  std::size_t haircuts = 5'000;
  std::size_t room = 1'000;
};
task<findings> sleeping_barber(barber_size size, setting how);

/// SV-13: an arbiter lets one smoker begin in each round.
struct smokers_size {
  std::size_t rounds = 1'000;
  std::size_t smokers = 200;
};
task<findings> cigarette_smokers(smokers_size size, setting how);

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
