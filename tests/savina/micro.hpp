// The micro programs of the Savina suite: one thing each that actors do.

#pragma once

#include <tests/savina/savina.hpp>

#include <troupe/scope/task.hpp>

#include <cstddef>

namespace troupe::savina {

/// SV-01: two actors, one ping and one pong at a time.
struct pingpong_size {
  std::size_t pings = 40'000;
};
task<findings> pingpong(pingpong_size size, setting how);

/// SV-02: one who floods, and one who counts.
struct count_size {
  std::size_t messages = 1'000'000;
};
task<findings> count(count_size size, setting how);

/// SV-03: many actors are flooded in turns.
struct fork_join_throughput_size {
  std::size_t actors = 60;
  std::size_t messages = 10'000; ///< For each.
};
task<findings> fork_join_throughput(fork_join_throughput_size size, setting how);

/// SV-04: actors that are made, get one message, and end.
struct fork_join_create_size {
  std::size_t actors = 40'000;
};
task<findings> fork_join_create(fork_join_create_size size, setting how);

/// SV-05: a token goes round, and is one less at each hop.
struct thread_ring_size {
  std::size_t actors = 100;
  std::size_t hops = 100'000;
};
task<findings> thread_ring(thread_ring_size size, setting how);

/// SV-06: creatures meet two by two, in one mall.
struct chameneos_size {
  std::size_t creatures = 100;
  std::size_t meetings = 200'000;
};
task<findings> chameneos(chameneos_size size, setting how);

/// SV-07: everybody pings anybody.
struct big_size {
  std::size_t actors = 120;
  std::size_t pings = 20'000; ///< By each.
};
task<findings> big(big_size size, setting how);

} // namespace troupe::savina
