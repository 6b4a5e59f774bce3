// Clients of the ledger: random transfers, under deadlines and cancels that come at any moment.

#pragma once

#include <troupe/ledger/answers.hpp>
#include <troupe/ledger/service.hpp>

#include <array>

namespace troupe::ledger {

struct load_options {
  std::string database;
  std::size_t clients = 32;
  std::int64_t accounts = 100;
  std::uint64_t seed = 1;
  duration lasts = std::chrono::seconds{3};
  service_options service = {};
};

/// What one run counts. Outlives it.
struct load_counts {
  std::array<std::atomic<std::uint64_t>, 5> answers{}; ///< By `answer`.
  std::atomic<std::uint64_t> cancelled{0};             ///< Whose clients were stopped before they had an answer.
  service_counts service;

  std::uint64_t of(answer what) const noexcept { return answers[static_cast<std::size_t>(what)]; }
};

/// Opens the database, serves clients for a while, stops them in the middle, and lets the service end.
///
/// @cancel   clients and service are stopped; what is in its commit phase is finished first
/// @throws   `store_error`, `std::system_error`, `error_group`
task<> run_load(const load_options& options, load_counts& counts);

} // namespace troupe::ledger
