// The ledger's server on a network in memory, with a database whose speed and faults are what a test says.

#pragma once

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/ledger/server.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/pipe_listener.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

/// A database in memory that can be slow, and fail before or after it has committed.
class test_store final : public ledger::store {
public:
  explicit test_store(simulator& in) : store(":memory:"), in_(in) {}

  duration takes{};     ///< Each commit, before it is there.
  int fails_before = 0; ///< So many commits fail, and nothing is written;
  int fails_after = 0;  ///< so many fail when all is written.
  /// Of what fails. Also opening does, so many times, where it is the storage.
  ledger::store_error::cause cause = ledger::store_error::cause::other;
  int fails_to_open = 0;
  std::size_t largest = 0; ///< Transfers of one commit.
  std::size_t batches = 0;

  std::vector<ledger::written> commit(std::span<const ledger::transfer> batch) override {
    if (takes > duration::zero())
      in_.advance(takes);
    ++batches;
    largest = std::max(largest, batch.size());
    if (fails_before > 0 && fails_before-- > 0)
      throw ledger::store_error("the disk is full", false, cause);
    std::vector<ledger::written> done = store::commit(batch);
    if (fails_after > 0 && fails_after-- > 0)
      throw ledger::store_error("the disk is gone", true, cause);
    return done;
  }

private:
  simulator& in_;
};

/// A client that asks one thing at a time.
class client {
public:
  explicit client(byte_stream over) : over_(std::move(over)), lines_(over_, 8'192) {}
  client(client&&) = delete;

  task<> send(std::string line) { co_await write_line(over_, line); }
  /// "-": the server has ended the connection.
  task<std::string> answer() {
    const std::optional<std::string> line = co_await lines_.next();
    co_return line.value_or("-");
  }
  task<std::string> ask(std::string line) {
    co_await write_line(over_, line);
    co_return co_await answer();
  }
  byte_stream& stream() noexcept { return over_; }

private:
  byte_stream over_;
  line_reader lines_;
};

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// `{"op":"transfer","key":KEY,...}`, from account 0 to 1
inline std::string transfer_line(const std::string& key, int amount = 1, const std::string& more = "") {
  return R"({"op":"transfer","key":")" + key + R"(","from":0,"to":1,"amount":)" + std::to_string(amount) + more + '}';
}

struct ledger_run {
  simulator& time;
  test_store& database;
  pipe_listener network;
  ledger::server_counts& counts;
  child<>* server = nullptr;
};

/// Runs `clients(ledger_run&)` beside the server, in any order, and stops that; then no money must be missing.
///
/// @returns what the server has failed with; empty: it has not
template <class Clients>
std::string beside_a_ledger(ledger::server_options options, Clients clients, duration takes = {}) {
  simulator simulated{in_any_order()};
  const auto database = std::make_shared<test_store>(simulated);
  database->open_accounts(3, 1'000);
  database->takes = takes;
  options.service.open = [database] {
    if (database->fails_to_open > 0 && database->fails_to_open-- > 0)
      throw ledger::store_error("no such file", false, database->cause);
    return database;
  };
  ledger::server_counts counts;
  outcome<> ended;
  const auto run = [&]() -> task<> {
    ledger_run mine{simulated, *database, pipe_listener{}, counts};
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto serves = [&]() -> task<> {
        ended = co_await as_outcome(ledger::run_server(mine.network, options, counts));
      };
      child<> server = group.start(serves);
      mine.server = &server;
      co_await fail_after(std::chrono::hours{1}, clients(mine));
      server.cancel();
    });
  };
  simulated.run(run).value();
  const std::vector<std::int64_t> cents = database->read_balances().cents;
  CHECK(std::accumulate(cents.begin(), cents.end(), std::int64_t{0}) == 3'000);
  return ended.has_error() ? message_of(ended.error()) : std::string();
}

} // namespace troupe::tests
