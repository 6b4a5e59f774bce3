// The database of the ledger: accounts and transfers in SQLite, each transfer one transaction.

#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct sqlite3;

namespace troupe::ledger {

/// An amount of money to move. Amounts are whole cents.
struct transfer {
  std::int64_t id;
  std::int64_t from, to; ///< Accounts, from 0.
  std::int64_t amount;
};

/// What SQLite said, with the file and what was tried.
class store_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// One connection. Every function blocks: in a fiber, `offload` it.
///
/// The journal is a write-ahead log, synchronised at each commit: what was committed survives the process and the
/// machine.
///
/// @thread one at a time
class store {
public:
  /// Opens the file, or makes it.
  ///
  /// @throws store_error
  explicit store(std::string file);

  /// Makes accounts 0 to `count` - 1 where there are none yet.
  void open_accounts(std::int64_t count, std::int64_t balance);
  /// Moves the money and writes the transfer down, or does nothing: false, it would overdraw the account.
  bool commit(const transfer& what);
  bool has(std::int64_t id) const;

  std::vector<std::int64_t> balances() const; ///< By account.
  std::vector<transfer> transfers() const;
  std::int64_t opening_balance() const; ///< That each account had at the beginning; 0: there are none.
  std::int64_t last_id() const;         ///< Of all transfers; 0: there is none.

private:
  struct closer {
    void operator()(sqlite3* open) const noexcept;
  };

  void execute(const char* sql) const;

  std::string file_;
  std::unique_ptr<sqlite3, closer> open_;

  friend class statement;
};

} // namespace troupe::ledger
