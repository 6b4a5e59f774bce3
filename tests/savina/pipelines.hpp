// The parallelism programs of the Savina suite in which values flow through actors, from stage to stage.

#pragma once

#include <tests/savina/savina.hpp>

#include <troupe/scope/task.hpp>

#include <cstddef>
#include <cstdint>

namespace troupe::savina {

/// SV-16: a stage for each bit.
struct radix_sort_size {
  std::size_t values = 100'000;
  unsigned bits = 60;
};
task<findings> radix_sort(radix_sort_size size, setting how);

/// SV-17: a signal is split into channels, each is filtered, and they are added up again.
struct filter_bank_size {
  std::size_t columns = 16'384; ///< Coefficients of each filter.
  std::size_t channels = 8;
  std::size_t simulations = 34'816; ///< Samples: a multiple of the channels.
};
task<findings> filter_bank(filter_bank_size size, setting how);

/// SV-18: a pipeline that grows by a stage when the last one has as many primes as it may.
struct sieve_size {
  std::uint64_t below = 100'000;
  std::size_t primes_max = 1'000; ///< Of each stage.
};
task<findings> sieve(sieve_size size, setting how);

/// SV-30: a network of actors that compare two values each.
struct bitonic_sort_size {
  std::size_t values = 4'096; ///< A power of two.
};
task<findings> bitonic_sort(bitonic_sort_size size, setting how);

} // namespace troupe::savina
