#include <troupe/ledger/store.hpp>

#include <sqlite3.h>

namespace troupe::ledger {

/// A prepared statement with its numbers bound.
class statement {
public:
  template <class... Numbers>
  statement(const store& in, const char* sql, Numbers... numbers) : in_(in), sql_(sql) {
    sqlite3_stmt* made = nullptr;
    check(sqlite3_prepare_v2(in.open_.get(), sql, -1, &made, nullptr));
    made_.reset(made);
    int at = 0;
    (check(sqlite3_bind_int64(made, ++at, numbers)), ...);
  }

  /// True while there is a row.
  bool step() {
    const int status = sqlite3_step(made_.get());
    if (status != SQLITE_ROW)
      check(status == SQLITE_DONE ? SQLITE_OK : status);
    return status == SQLITE_ROW;
  }
  std::int64_t number(int column) const { return sqlite3_column_int64(made_.get(), column); }

private:
  void check(int status) const {
    if (status != SQLITE_OK)
      throw store_error(in_.file_ + ": " + sqlite3_errmsg(in_.open_.get()) + ", in: " + sql_);
  }

  struct finalizer {
    void operator()(sqlite3_stmt* made) const noexcept { sqlite3_finalize(made); }
  };
  const store& in_;
  const char* sql_;
  std::unique_ptr<sqlite3_stmt, finalizer> made_;
};

void store::closer::operator()(sqlite3* open) const noexcept { sqlite3_close_v2(open); }

store::store(std::string file) : file_(std::move(file)) {
  sqlite3* opened = nullptr;
  const int status = sqlite3_open_v2(file_.c_str(), &opened,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  open_.reset(opened);
  if (status != SQLITE_OK)
    throw store_error(file_ + ": " + (opened != nullptr ? sqlite3_errmsg(opened) : "out of memory"));
  sqlite3_busy_timeout(opened, 5'000);
  execute("PRAGMA journal_mode = WAL");
  execute("PRAGMA synchronous = FULL");
  execute("CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY, opening INTEGER NOT NULL, "
          "balance INTEGER NOT NULL CHECK (balance >= 0))");
  execute("CREATE TABLE IF NOT EXISTS transfers (id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES accounts, "
          "target INTEGER NOT NULL REFERENCES accounts, amount INTEGER NOT NULL CHECK (amount > 0))");
}

void store::execute(const char* sql) const {
  char* message = nullptr;
  if (sqlite3_exec(open_.get(), sql, nullptr, nullptr, &message) == SQLITE_OK)
    return;
  const std::string what = file_ + ": " + (message != nullptr ? message : "out of memory") + ", in: " + sql;
  sqlite3_free(message);
  throw store_error(what);
}

void store::open_accounts(std::int64_t count, std::int64_t balance) {
  if (!balances().empty())
    return;
  execute("BEGIN IMMEDIATE");
  for (std::int64_t id = 0; id < count; ++id)
    statement{*this, "INSERT INTO accounts VALUES (?1, ?2, ?2)", id, balance}.step();
  execute("COMMIT");
}

bool store::commit(const transfer& what) {
  execute("BEGIN IMMEDIATE");
  try {
    statement take{*this, "UPDATE accounts SET balance = balance - ?2 WHERE id = ?1 AND balance >= ?2", what.from,
                   what.amount};
    take.step();
    if (sqlite3_changes(open_.get()) == 0) {
      execute("ROLLBACK");
      return false;
    }
    statement{*this, "UPDATE accounts SET balance = balance + ?2 WHERE id = ?1", what.to, what.amount}.step();
    statement{*this, "INSERT INTO transfers VALUES (?1, ?2, ?3, ?4)", what.id, what.from, what.to, what.amount}.step();
    execute("COMMIT");
  } catch (...) {
    if (sqlite3_get_autocommit(open_.get()) == 0)
      execute("ROLLBACK");
    throw;
  }
  return true;
}

bool store::has(std::int64_t id) const { return statement{*this, "SELECT 1 FROM transfers WHERE id = ?1", id}.step(); }

std::vector<std::int64_t> store::balances() const {
  std::vector<std::int64_t> found;
  for (statement each{*this, "SELECT balance FROM accounts ORDER BY id"}; each.step();)
    found.push_back(each.number(0));
  return found;
}

std::vector<transfer> store::transfers() const {
  std::vector<transfer> found;
  for (statement each{*this, "SELECT id, source, target, amount FROM transfers ORDER BY id"}; each.step();)
    found.push_back({each.number(0), each.number(1), each.number(2), each.number(3)});
  return found;
}

std::int64_t store::opening_balance() const {
  statement first{*this, "SELECT opening FROM accounts LIMIT 1"};
  return first.step() ? first.number(0) : 0;
}

std::int64_t store::last_id() const {
  statement last{*this, "SELECT coalesce(max(id), 0) FROM transfers"};
  return last.step() ? last.number(0) : 0;
}

} // namespace troupe::ledger
