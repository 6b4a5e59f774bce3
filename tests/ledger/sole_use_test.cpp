#include <troupe/ledger/sole_use.hpp>

#include <tests/catch.hpp>

#include <troupe/ledger/store.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>

using namespace troupe;

TEST_CASE("a database is used by one at a time, who is named to others, and is free when that one is gone",
          "[ledger]") {
  const std::string database =
      std::filesystem::temp_directory_path() / ("troupe-sole-use-" + std::to_string(::getpid()) + ".db");
  std::optional<ledger::sole_use> mine{database};
  ledger::store{database}.open_accounts(3, 100);
  REQUIRE_THROWS_AS(ledger::sole_use{database}, ledger::in_use);
  CHECK_THROWS_WITH(ledger::sole_use{database},
                    ContainsSubstring("process " + std::to_string(::getpid()) + " uses this ledger"));
  CHECK(ledger::store{database}.read_balances().cents.size() == 3); // SQLite does not mind
  mine.reset();
  { const ledger::sole_use next{database}; }
  std::filesystem::remove(database);
}

TEST_CASE("a database that cannot be opened is left to the store, which says why", "[ledger]") {
  const ledger::sole_use nothing{"/no such folder/ledger.db"};
  CHECK_THROWS_WITH(ledger::store{"/no such folder/ledger.db"}, ContainsSubstring("unable to open"));
}
