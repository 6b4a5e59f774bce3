// The concurrency programs of the Savina suite in which clients ask one server.

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

} // namespace troupe::savina
