// The concurrency programs of the Savina suite in which somebody says who may go on, and who must wait.

#pragma once

#include <tests/savina/savina.hpp>

#include <troupe/scope/task.hpp>

#include <cstddef>

namespace troupe::savina {

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

} // namespace troupe::savina
