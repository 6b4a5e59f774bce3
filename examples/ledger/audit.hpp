// Whether the database and what clients were told agree.

#pragma once

#include <cstdint>
#include <string>

namespace troupe::ledger {

/// What an audit has counted. `holds()` when nothing is wrong.
struct audit {
  std::uint64_t transfers = 0;
  std::int64_t money = 0, money_opened = 0;
  std::uint64_t balances_wrong = 0; ///< Accounts whose balance is not what their transfers make of it.
  std::uint64_t committed = 0, committed_missing = 0;
  std::uint64_t not_done = 0, not_done_present = 0; ///< refused, not_started
  std::uint64_t doubtful = 0, doubtful_without_commit = 0, doubtful_present = 0;

  bool holds() const noexcept {
    return money == money_opened && balances_wrong == 0 && committed_missing == 0 && not_done_present == 0 &&
           doubtful_without_commit == 0;
  }
};

/// Reads the database, and the answers beside it.
///
/// @throws `store_error`, `std::runtime_error`
audit audit_ledger(const std::string& database);

} // namespace troupe::ledger
