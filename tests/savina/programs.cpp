#include <tests/savina/programs.hpp>

#include <tests/savina/contention.hpp>
#include <tests/savina/grids.hpp>
#include <tests/savina/micro.hpp>
#include <tests/savina/nested_asks.hpp>
#include <tests/savina/pipelines.hpp>
#include <tests/savina/servers.hpp>
#include <tests/savina/trees.hpp>
#include <tests/savina/workers.hpp>

#include <troupe/scope/assert.hpp>

#include <algorithm>

namespace troupe::savina {

namespace {

/// One of three sizes; the full one is that of the suite.
template <class Size>
Size pick(scale how_large, Size small, Size medium) {
  switch (how_large) {
  case scale::small:
    return small;
  case scale::medium:
    return medium;
  case scale::full:
    break;
  }
  return {};
}

} // namespace

const std::vector<program>& programs() {
  using s = scale;
  static const std::vector<program> all{
      {"SV-01", "pingpong", [](s of, setting how) { return pingpong(pick<pingpong_size>(of, {60}, {5'000}), how); }},
      {"SV-02", "count", [](s of, setting how) { return count(pick<count_size>(of, {300}, {50'000}), how); }},
      {"SV-03", "fjthrput",
       [](s of, setting how) {
         return fork_join_throughput(pick<fork_join_throughput_size>(of, {6, 20}, {60, 500}), how);
       }},
      {"SV-04", "fjcreate",
       [](s of, setting how) { return fork_join_create(pick<fork_join_create_size>(of, {60}, {5'000}), how); }},
      {"SV-05", "threadring",
       [](s of, setting how) {
         return thread_ring(pick<thread_ring_size>(of, {7, 60}, {100, 10'005}), how);
       }},
      {"SV-06", "chameneos",
       [](s of, setting how) {
         return chameneos(pick<chameneos_size>(of, {7, 40}, {50, 5'000}), how);
       }},
      {"SV-07", "big",
       [](s of, setting how) {
         return big(pick<big_size>(of, {6, 10}, {60, 100}), how);
       }},
      {"SV-08", "concdict",
       [](s of, setting how) {
         return concurrent_dictionary(pick<dictionary_size>(of, {5, 20, 30, 6}, {20, 300, 10, 512}), how);
       }},
      {"SV-09", "concsll",
       [](s of, setting how) {
         return concurrent_sorted_list(pick<sorted_list_size>(of, {5, 20, 30, 10, 20}, {20, 200, 10, 1, 1'000}), how);
       }},
      {"SV-10", "bndbuffer",
       [](s of, setting how) {
         return bounded_buffer(pick<bounded_buffer_size>(of, {3, 5, 8, 4}, {20, 20, 200, 20}), how);
       }},
      {"SV-11", "philosopher",
       [](s of, setting how) {
         return dining_philosophers(pick<philosophers_size>(of, {5, 10}, {20, 200}), how);
       }},
      {"SV-12", "barber",
       [](s of, setting how) {
         return sleeping_barber(pick<barber_size>(of, {20, 3}, {500, 50}), how);
       }},
      {"SV-13", "cigsmok",
       [](s of, setting how) {
         return cigarette_smokers(pick<smokers_size>(of, {40, 5}, {500, 50}), how);
       }},
      {"SV-14", "logmap",
       [](s of, setting how) {
         return logistic_map(pick<logistic_map_size>(of, {4, 20}, {10, 500}), how);
       }},
      {"SV-15", "banking",
       [](s of, setting how) {
         return banking(pick<banking_size>(of, {6, 40, 4}, {100, 3'000, 10}), how);
       }},
      {"SV-16", "radixsort",
       [](s of, setting how) {
         return radix_sort(pick<radix_sort_size>(of, {40, 6}, {1'000, 20}), how);
       }},
      {"SV-17", "filterbank",
       [](s of, setting how) {
         return filter_bank(pick<filter_bank_size>(of, {4, 3, 24}, {64, 4, 400}), how);
       }},
      {"SV-18", "sieve",
       [](s of, setting how) {
         return sieve(pick<sieve_size>(of, {200, 5}, {5'000, 10}), how);
       }},
      {"SV-19", "uct",
       [](s of, setting how) {
         return cobwebbed_tree(pick<cobwebbed_tree_size>(of, {60, 3, 320}, {2'000, 10, 105}), how);
       }},
      {"SV-20", "facloc",
       [](s of, setting how) {
         return facility_location(pick<facility_location_size>(of, {200, 5, 3}, {5'000, 20, 5}), how);
       }},
      {"SV-21", "trapezoid",
       [](s of, setting how) {
         return trapezoid(pick<trapezoid_size>(of, {1'000, 7}, {100'000, 20}), how);
       }},
      {"SV-22", "piprecision",
       [](s of, setting how) {
         return pi_digits(pick<pi_size>(of, {100, 5}, {500, 20}), how);
       }},
      {"SV-23", "recmatmul",
       [](s of, setting how) {
         return matrix_product(pick<matrices_size>(of, {16, 4, 5}, {64, 16, 20}), how);
       }},
      {"SV-24", "quicksort",
       [](s of, setting how) {
         return quicksort(pick<quicksort_size>(of, {300, 16}, {20'000, 512}), how);
       }},
      {"SV-25", "apsp",
       [](s of, setting how) {
         return shortest_paths(pick<shortest_paths_size>(of, {12, 4}, {60, 15}), how);
       }},
      {"SV-26", "sor",
       [](s of, setting how) {
         return relaxation(pick<relaxation_size>(of, {8, 5}, {20, 30}), how);
       }},
      {"SV-27", "astar",
       [](s of, setting how) {
         return search(pick<search_size>(of, {5, 4, 25}, {12, 20, 25}), how);
       }},
      {"SV-28", "nqueenk",
       [](s of, setting how) {
         return queens(pick<queens_size>(of, {6, 1'000, 5, 2}, {9, 1'500'000, 20, 3}), how);
       }},
      {"SV-29", "fib", [](s of, setting how) { return fibonacci(pick<fibonacci_size>(of, {8}, {16}), how); }},
      {"SV-30", "bitonicsort",
       [](s of, setting how) { return bitonic_sort(pick<bitonic_sort_size>(of, {16}, {256}), how); }},
  };
  return all;
}

const program& program_of(std::string_view id) {
  const auto found =
      std::find_if(programs().begin(), programs().end(), [id](const program& each) { return each.id == id; });
  TROUPE_ASSERT(found != programs().end(), "there is no program with this id");
  return *found;
}

} // namespace troupe::savina
