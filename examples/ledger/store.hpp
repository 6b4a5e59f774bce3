// The database of the ledger: accounts and transfers in SQLite, written in batches.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe::ledger {

/// The most money that there can be in all accounts, in cents, and so of one amount: 2⁵³ - 1, up to which every JSON
/// parser has whole numbers.
inline constexpr std::int64_t money_max = 9'007'199'254'740'991;

/// An amount of money to move.
struct transfer {
  std::string key;       ///< The client's name for it: of one key there is one transfer, however often it is asked.
  std::int64_t from, to; ///< Accounts, from 0.
  std::int64_t amount;   ///< Whole cents, 1 to `money_max`.

  friend bool operator==(const transfer&, const transfer&) = default;
};

/// What came of one transfer.
struct written {
  enum class how : std::uint8_t {
    committed,          ///< It is in the database.
    repeated,           ///< It was there before.
    key_reused,         ///< Another transfer has this key.
    unknown_account,    ///< There is no such account: nothing was written.
    insufficient_funds, ///< It would overdraw the account: nothing was written.
  };
  how what;
  std::int64_t number = 0; ///< Of the transfer that has the key, from 1; 0: there is none.
};

/// All accounts at one moment.
struct balances {
  std::vector<std::int64_t> cents; ///< By account.
  std::int64_t last_transfer = 0;  ///< The number of the last one that is in them; 0: none.
};

/// A transfer that is in the database.
struct entry {
  std::int64_t number;
  std::int64_t from, to;
  std::int64_t amount;
};

/// What SQLite said, with the file and what was tried.
class store_error : public std::runtime_error {
public:
  enum class cause : std::uint8_t {
    /// The disk is full, cannot be read or written, or cannot be reached, or another program has the database: that may
    /// pass by itself.
    storage,
    other,
  };

  store_error(const std::string& what, bool in_doubt, cause why = cause::other)
      : std::runtime_error(what), in_doubt_(in_doubt), why_(why) {}

  /// False: nothing was written. True: nobody knows before the database is opened anew.
  bool in_doubt() const noexcept { return in_doubt_; }
  cause why() const noexcept { return why_; }

private:
  bool in_doubt_;
  cause why_;
};

/// One connection to it. Every function blocks: in a fiber, `offload` it.
///
/// The journal is a write-ahead log, synchronised at each commit: what was committed survives the process and the
/// machine.
///
/// @throws `store_error` from all of its functions
/// @thread one at a time
class store {
public:
  enum class opening : std::uint8_t {
    makes,      ///< A file that is not there is made.
    must_exist, ///< It is an error of the storage: what it was on may be away.
  };

  /// Opens the file; ":memory:" is one that goes with this object.
  explicit store(const std::string& file, opening how = opening::makes);
  virtual ~store();
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  /// Makes accounts 0 to `count` - 1 where there are none yet.
  void open_accounts(std::int64_t count, std::int64_t balance);
  /// Carries out these transfers in their order, in one transaction: what is wrong with one of them is no matter to the
  /// others. What it returns, one for each, is on the disk.
  virtual std::vector<written> commit(std::span<const transfer> batch);
  /// The number of the transfer that has this key; empty: there is none.
  std::optional<std::int64_t> find(const std::string& key) const;

  balances read_balances() const;
  std::int64_t last_transfer() const;                            ///< Its number; 0: there is none.
  std::vector<entry> transfers_after(std::int64_t number) const; ///< Those with a greater one, in their order.
  std::vector<transfer> transfers() const;                       ///< In their order.
  std::int64_t opening_balance() const; ///< That each account had at the beginning; 0: there are none.

private:
  struct open_database;
  std::unique_ptr<open_database> open_;
};

} // namespace troupe::ledger
