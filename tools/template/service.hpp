// A service of two actors under a supervisor: an account, and the journal that it writes in.
//
// Who asks for a deposit and is told of a failure asks again, with the same number; so nothing may be done twice.

#pragma once

#include <troupe/troupe.hpp>

#include <functional>
#include <map>

/// What survives a restart: in a real service a file, or a database.
struct book {
  std::map<int, long> deposits; ///< The amount of each, by its number.
  long balance = 0;
};

/// Asks for a line in the journal; the answer is the balance after it.
struct entry {
  int number;
  long amount;
  troupe::reply<long> to;
};
using journal_message = troupe::message<entry>;

/// Asks for a deposit; the answer is the balance after it.
struct deposit {
  int number; ///< The client's: the same when it asks again.
  long amount;
  troupe::reply<long> to;
};
using account_message = troupe::message<deposit>;
using account_ref = troupe::actor_ref<account_message>;

inline troupe::task<> journal(troupe::inbox<journal_message> in, book& kept) {
  while (auto next = co_await in.receive())
    co_await next->match([&](entry& asked) -> troupe::task<> {
      const bool is_new = kept.deposits.emplace(asked.number, asked.amount).second;
      if (is_new)
        kept.balance += asked.amount;
      co_await troupe::checkpoint(); // here it would wait for the disk
      asked.to(kept.balance);
    });
}

inline troupe::task<> account(troupe::inbox<account_message> in, troupe::actor_ref<journal_message> writes_to) {
  while (auto next = co_await in.receive())
    co_await next->match([&](deposit& asked) -> troupe::task<> {
      const long balance = co_await writes_to.ask<entry>(asked.number, asked.amount);
      asked.to(balance);
    });
}

/// Each is started anew when it fails, and the account with the journal. Four failures within 5 s are lived with; a
/// fifth means that something else is wrong: the service ends, and says what failed.
inline constexpr troupe::supervisor_options service_options{
    .strategy = troupe::restart_strategy::rest_for_one,
    .intensity = 4,
};

/// Starts both under `top`, and gives the address of the account, which stays when they are started anew.
inline troupe::task<account_ref> start_service(troupe::supervisor top, book& kept) {
  const auto writes_to = co_await top.start_actor({.name = "journal", .capacity = 100}, journal, std::ref(kept));
  co_return co_await top.start_actor({.name = "account", .capacity = 100}, account, writes_to);
}

/// A client's deposit: asks until it is done, five times at most.
///
/// @throws what the last ask threw
inline troupe::task<long> deposit_once(account_ref to, int number, long amount) {
  for (int tries = 1;; ++tries) {
    troupe::outcome<long> answer = co_await troupe::as_outcome(to.ask<deposit>(number, amount));
    if (!answer.has_error() || tries == 5)
      co_return std::move(answer).value();
  }
}
