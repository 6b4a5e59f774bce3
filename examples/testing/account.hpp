// An account that is kept by an actor under a supervisor, and a client that tries again when it is told of a failure.
//
// It has a fault, for docs/testing.md: a test finds it, and you repair it.

#pragma once

#include <troupe/actors/actor.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/supervision/supervised_actor.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <functional>
#include <map>

namespace account {

/// What survives a crash: a file, or a database.
struct store {
  long balance = 0;
  std::map<int, bool> known; ///< Deposits that are done, by their number.
};

struct deposit {
  int number; ///< The client's: the same when it tries again.
  long amount;
  troupe::reply<long> to;
};
using message = troupe::message<deposit>;

inline troupe::task<> serve(troupe::inbox<message> in, store& kept) {
  while (auto next = co_await in.receive())
    co_await next->match([&](deposit& asked) -> troupe::task<> {
#ifdef ACCOUNT_IS_REPAIRED
      if (kept.known[asked.number]) {
        asked.to(kept.balance);
        co_return;
      }
      kept.known[asked.number] = true;
#endif
      kept.balance += asked.amount;
      co_await troupe::checkpoint(); // it tells others, writes a log, ...
      asked.to(kept.balance);
    });
}

/// Deposits once, however often it has to ask.
inline troupe::task<> client(troupe::actor_ref<message> to, int number) {
  for (int tries = 0; tries < 5; ++tries) {
    const auto answer = co_await troupe::as_outcome(to.ask<deposit>(number, 100));
    if (!answer.has_error())
      co_return;
  }
}

/// Two clients, and the account that they use.
inline troupe::task<> service(store& kept) {
  co_await troupe::supervise({.intensity = 3}, [&](troupe::supervisor& top) -> troupe::task<> {
    const auto ref = co_await top.start_actor({.name = "account"}, serve, std::ref(kept));
    co_await troupe::in_task_group([&](troupe::task_group& clients) {
      clients.start({.name = "anna"}, client, ref, 1);
      clients.start({.name = "bert"}, client, ref, 2);
    });
  });
}

} // namespace account
