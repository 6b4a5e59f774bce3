#include <troupe/ledger/store.hpp>

#include <tests/catch.hpp>

#include <filesystem>
#include <numeric>
#include <string>
#include <unistd.h>
#include <vector>

using namespace troupe::ledger;
using how = written::how;

namespace {

std::vector<how> kinds(const std::vector<written>& done) {
  std::vector<how> all;
  for (const written& each : done)
    all.push_back(each.what);
  return all;
}

} // namespace

TEST_CASE("what is wrong with one transfer of a batch is no matter to the others", "[ledger]") {
  store database{":memory:"};
  database.open_accounts(3, 100);
  const std::vector<transfer> batch{{"a", 0, 1, 60}, {"b", 0, 1, 60}, {"c", 1, 2, 160}, {"d", 0, 7, 1},
                                    {"e", 7, 0, 1},  {"a", 0, 1, 60}, {"a", 0, 1, 61},  {"f", 2, 2, 260}};
  const std::vector<written> done = database.commit(batch);
  CHECK(kinds(done) == std::vector{how::committed, how::insufficient_funds, how::committed, how::unknown_account,
                                   how::unknown_account, how::repeated, how::key_reused, how::committed});
  CHECK(done[5].number == done[0].number);
  CHECK(done[6].number == done[0].number);
  const balances now = database.read_balances();
  CHECK(now.cents == std::vector<std::int64_t>{40, 0, 260});
  CHECK(now.last_transfer == done[7].number);
  CHECK(database.find("c") == done[2].number);
  CHECK_FALSE(database.find("b"));
  CHECK(database.transfers() == std::vector<transfer>{batch[0], batch[2], batch[7]});
}

TEST_CASE("a key that is there gives its transfer back in each later batch", "[ledger]") {
  store database{":memory:"};
  database.open_accounts(2, 100);
  const std::vector<transfer> one{{"a", 0, 1, 100}};
  const std::int64_t number = database.commit(one)[0].number;
  for (int i = 0; i < 2; ++i) {
    const std::vector<written> again = database.commit(one);
    CHECK(again[0].what == how::repeated); // though there is nothing left in the account
    CHECK(again[0].number == number);
  }
  CHECK(database.read_balances().cents == std::vector<std::int64_t>{0, 200});
}

TEST_CASE("accounts are opened once", "[ledger]") {
  store database{":memory:"};
  database.open_accounts(2, 100);
  database.open_accounts(5, 1);
  CHECK(database.read_balances().cents == std::vector<std::int64_t>{100, 100});
  CHECK(database.opening_balance() == 100);
}

TEST_CASE("keys are told apart byte by byte", "[ledger]") {
  store database{":memory:"};
  database.open_accounts(2, 100);
  const std::vector<transfer> batch{{"a", 0, 1, 1}, {"A", 0, 1, 2}, {"a ", 0, 1, 3}, {"\xc3\xa4", 0, 1, 4}};
  CHECK(kinds(database.commit(batch)) == std::vector(4, how::committed));
  CHECK(database.transfers() == batch);
}

TEST_CASE("a file that is no database says so, and that nothing was written", "[ledger]") {
  try {
    store none{"/proc/self/no/such/folder"};
    FAIL("it was opened");
  } catch (const store_error& error) {
    CHECK_FALSE(error.in_doubt());
    CHECK(std::string(error.what()) == "/proc/self/no/such/folder: unable to open database file");
  }
}

TEST_CASE("a file that has gone is not made anew where it must exist", "[ledger]") {
  const std::string file = "/nonexistent-folder-of-troupe/ledger.db";
  for (const store::opening opened : {store::opening::makes, store::opening::must_exist})
    try {
      store{file, opened};
      FAIL("there is no such folder");
    } catch (const store_error& error) {
      CHECK(error.why() == store_error::cause::storage);
      CHECK_FALSE(error.in_doubt());
    }
  const std::string absent = std::filesystem::temp_directory_path() / ("troupe-absent-" + std::to_string(::getpid()));
  CHECK_THROWS_AS((store{absent, store::opening::must_exist}), store_error);
  CHECK_FALSE(std::filesystem::exists(absent));
}
