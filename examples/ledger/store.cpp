#include <troupe/ledger/store.hpp>

#include <sqlite3.h>

#include <string_view>

namespace troupe::ledger {

namespace {

/// In a COMMIT a disk that is full has not taken its last frame, and without that there is no commit: what is written
/// ahead ends with it. One that is locked has taken nothing at all. All else that fails there may have come after that
/// frame, as a synchronisation does.
store_error error_of(int status, const std::string& what, bool commits) {
  const int code = status & 0xff; // without what SQLite calls extended
  const bool by_storage = code == SQLITE_FULL || code == SQLITE_BUSY || code == SQLITE_IOERR || code == SQLITE_CANTOPEN;
  return {what, commits && code != SQLITE_FULL && code != SQLITE_BUSY,
          by_storage ? store_error::cause::storage : store_error::cause::other};
}

/// How long somebody else may have the database: less than a commit may take, by default, so that it is known to be not
/// done, and is not in doubt.
constexpr int busy_limit_ms = 1'500;

struct closer {
  void operator()(sqlite3* open) const noexcept { sqlite3_close_v2(open); }
  void operator()(sqlite3_stmt* made) const noexcept { sqlite3_finalize(made); }
};

/// A statement, prepared once, and run as often as it is bound.
class statement {
public:
  statement(const std::string& file, sqlite3* in, const char* sql) : file_(file), in_(in), sql_(sql) {
    sqlite3_stmt* made = nullptr;
    check(sqlite3_prepare_v3(in, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr));
    made_.reset(made);
  }

  template <class... Values>
  statement& bind(const Values&... values) {
    sqlite3_reset(made_.get()); // what it returns is the error of the last run, which was told then
    int at = 0;
    (put(++at, values), ...);
    return *this;
  }
  /// True while there is a row.
  bool step() {
    const int status = sqlite3_step(made_.get());
    if (status == SQLITE_ROW)
      return true;
    sqlite3_reset(made_.get());
    check(status == SQLITE_DONE ? SQLITE_OK : status);
    return false;
  }
  /// Of a statement that gives no rows, or whose further rows are of no interest.
  void run() {
    if (step())
      sqlite3_reset(made_.get());
  }
  std::int64_t number(int column) const { return sqlite3_column_int64(made_.get(), column); }
  std::string text(int column) const {
    const auto* const begin = reinterpret_cast<const char*>(sqlite3_column_text(made_.get(), column));
    return begin == nullptr ? std::string()
                            : std::string(begin, static_cast<std::size_t>(sqlite3_column_bytes(made_.get(), column)));
  }

private:
  void put(int at, std::int64_t value) { check(sqlite3_bind_int64(made_.get(), at, value)); }
  void put(int at, const std::string& value) {
    check(sqlite3_bind_text64(made_.get(), at, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  void check(int status) const {
    if (status != SQLITE_OK)
      throw error_of(status, file_ + ": " + sqlite3_errmsg(in_) + ", in: " + sql_, std::string_view(sql_) == "COMMIT");
  }

  const std::string& file_;
  sqlite3* const in_;
  const char* const sql_;
  std::unique_ptr<sqlite3_stmt, closer> made_;
};

std::unique_ptr<sqlite3, closer> opened(const std::string& file, store::opening how) {
  sqlite3* made = nullptr;
  const int creates = how == store::opening::makes ? SQLITE_OPEN_CREATE : 0;
  const int status =
      sqlite3_open_v2(file.c_str(), &made, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | creates, nullptr);
  std::unique_ptr<sqlite3, closer> open{made};
  if (status != SQLITE_OK)
    throw error_of(status, file + ": " + (made != nullptr ? sqlite3_errmsg(made) : "out of memory"), false);
  sqlite3_busy_timeout(made, busy_limit_ms);
  return open;
}

} // namespace

struct store::open_database {
  open_database(std::string name, opening how) : file(std::move(name)), handle(opened(file, how)) {
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = FULL");
    execute("CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY, opening INTEGER NOT NULL, "
            "balance INTEGER NOT NULL CHECK (balance >= 0))");
    execute("CREATE TABLE IF NOT EXISTS transfers (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, "
            "source INTEGER NOT NULL REFERENCES accounts, target INTEGER NOT NULL REFERENCES accounts, "
            "amount INTEGER NOT NULL CHECK (amount > 0))");
  }

  void execute(const char* sql) const { statement{file, handle.get(), sql}.run(); }
  statement prepared(const char* sql) const { return {file, handle.get(), sql}; }

  const std::string file;
  const std::unique_ptr<sqlite3, closer> handle;
};

namespace {

/// Ends a transaction that was not committed.
class transaction {
public:
  explicit transaction(sqlite3* in) noexcept : in_(in) {}
  ~transaction() {
    if (sqlite3_get_autocommit(in_) == 0) // else it has been: SQLite does so by itself after some errors
      sqlite3_exec(in_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

private:
  sqlite3* const in_;
};

} // namespace

store::store(const std::string& file, opening how) : open_(std::make_unique<open_database>(file, how)) {}
store::~store() = default;

void store::open_accounts(std::int64_t count, std::int64_t balance) {
  const transaction all{open_->handle.get()};
  open_->execute("BEGIN IMMEDIATE");
  if (!read_balances().cents.empty())
    return;
  statement insert = open_->prepared("INSERT INTO accounts VALUES (?1, ?2, ?2)");
  for (std::int64_t id = 0; id < count; ++id)
    insert.bind(id, balance).run();
  open_->execute("COMMIT");
}

std::vector<written> store::commit(std::span<const transfer> batch) {
  using how = written::how;
  std::vector<written> done;
  done.reserve(batch.size());
  statement by_key = open_->prepared("SELECT id, source, target, amount FROM transfers WHERE key = ?1");
  statement balance_of = open_->prepared("SELECT balance FROM accounts WHERE id = ?1");
  statement add = open_->prepared("UPDATE accounts SET balance = balance + ?2 WHERE id = ?1");
  statement insert = open_->prepared("INSERT INTO transfers (key, source, target, amount) VALUES (?1, ?2, ?3, ?4)");

  const transaction all{open_->handle.get()};
  open_->execute("BEGIN IMMEDIATE");
  for (const transfer& each : batch) {
    if (by_key.bind(each.key).step()) {
      const bool same = by_key.number(1) == each.from && by_key.number(2) == each.to && by_key.number(3) == each.amount;
      done.push_back({same ? how::repeated : how::key_reused, by_key.number(0)});
    } else if (!balance_of.bind(each.to).step() || !balance_of.bind(each.from).step()) {
      done.push_back({how::unknown_account});
    } else if (balance_of.number(0) < each.amount) {
      done.push_back({how::insufficient_funds});
    } else {
      add.bind(each.from, -each.amount).run();
      add.bind(each.to, each.amount).run();
      insert.bind(each.key, each.from, each.to, each.amount).run();
      done.push_back({how::committed, sqlite3_last_insert_rowid(open_->handle.get())});
    }
  }
  by_key.bind();
  balance_of.bind(); // a statement that is in the middle of its rows would keep the transaction open
  open_->execute("COMMIT");
  return done;
}

std::optional<std::int64_t> store::find(const std::string& key) const {
  statement by_key = open_->prepared("SELECT id FROM transfers WHERE key = ?1");
  if (!by_key.bind(key).step())
    return std::nullopt;
  return by_key.number(0);
}

balances store::read_balances() const {
  balances found;
  statement each =
      open_->prepared("SELECT balance, (SELECT coalesce(max(id), 0) FROM transfers) FROM accounts ORDER BY id");
  while (each.step()) {
    found.cents.push_back(each.number(0));
    found.last_transfer = each.number(1);
  }
  return found;
}

std::int64_t store::last_transfer() const {
  statement last = open_->prepared("SELECT coalesce(max(id), 0) FROM transfers");
  return last.step() ? last.number(0) : 0;
}

std::vector<entry> store::transfers_after(std::int64_t number) const {
  std::vector<entry> found;
  statement each = open_->prepared("SELECT id, source, target, amount FROM transfers WHERE id > ?1 ORDER BY id");
  each.bind(number);
  while (each.step())
    found.push_back({each.number(0), each.number(1), each.number(2), each.number(3)});
  return found;
}

std::vector<transfer> store::transfers() const {
  std::vector<transfer> found;
  statement each = open_->prepared("SELECT key, source, target, amount FROM transfers ORDER BY id");
  while (each.step())
    found.push_back({each.text(0), each.number(1), each.number(2), each.number(3)});
  return found;
}

std::int64_t store::opening_balance() const {
  statement first = open_->prepared("SELECT opening FROM accounts LIMIT 1");
  return first.step() ? first.number(0) : 0;
}

} // namespace troupe::ledger
