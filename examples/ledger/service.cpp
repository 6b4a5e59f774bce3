#include <troupe/ledger/service.hpp>

#include <troupe/actors/handle_concurrently.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/offload.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>

#include <functional>
#include <map>
#include <utility>

namespace troupe::ledger {

namespace {

// ---- the journal: the only one that writes --------------------------------------------------------------------------

struct commit {
  transfer what;
  reply<bool> to;
};
/// Whether a transfer is in the database: behind the commits that were asked before.
struct lookup {
  std::int64_t id;
  reply<bool> to;
};
using journal_message = message<commit, lookup>;

task<> write_down(store& database, duration limit, commit& asked) {
  // Once it has begun no cancel tears it: SQLite's own transaction ends it, one way or the other.
  outcome<bool> written =
      co_await as_outcome(shield(limit, offload([&database, what = asked.what] { return database.commit(what); })));
  if (written.has_error())
    asked.to.fail(written.error());
  else
    asked.to(std::move(written).value());
}

task<> look_up(const store& database, lookup& asked) {
  outcome<bool> found = co_await as_outcome(offload([&database, id = asked.id] { return database.has(id); }));
  if (found.has_error())
    asked.to.fail(found.error());
  else
    asked.to(std::move(found).value());
}

task<> journal(inbox<journal_message> in, store& database, duration commit_limit) {
  while (auto next = co_await in.receive())
    co_await next->match([&](commit& asked) { return write_down(database, commit_limit, asked); },
                         [&](lookup& asked) { return look_up(database, asked); });
}

// ---- the accounts: what is there, and what is promised away
// ------------------------------------------------------------

struct reserve {
  transfer what;
  reply<bool> to;
};
/// The transfer is in the database.
struct settle {
  std::int64_t id;
};
/// It is not, and will not be.
struct release {
  std::int64_t id;
};
using accounts_message = message<reserve, settle, release>;

task<> accounts(inbox<accounts_message> in, std::vector<std::int64_t> available) {
  std::map<std::int64_t, transfer> reserved;
  const auto account = [&](std::int64_t id) -> std::int64_t& { return available[static_cast<std::size_t>(id)]; };
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](reserve& asked) {
          const bool enough = account(asked.what.from) >= asked.what.amount;
          if (enough) {
            account(asked.what.from) -= asked.what.amount;
            reserved.emplace(asked.what.id, asked.what);
          }
          asked.to(enough);
        },
        [&](settle& told) {
          if (const auto found = reserved.find(told.id); found != reserved.end()) {
            account(found->second.to) += found->second.amount;
            reserved.erase(found);
          }
        },
        [&](release& told) {
          if (const auto found = reserved.find(told.id); found != reserved.end()) {
            account(found->second.from) += found->second.amount;
            reserved.erase(found);
          }
        });
}

// ---- the others ----------------------------------------------------------------------------------------------------

struct authorize {
  transfer what;
  reply<bool> to;
};
using authorizer_message = message<authorize>;

/// Takes its time, and refuses one transfer in fifty.
task<> authorizer(inbox<authorizer_message> in, std::size_t at_once, duration takes) {
  co_await handle_concurrently(in, at_once, [takes](authorizer_message& m) {
    return m.match([takes](authorize& asked) -> task<> {
      co_await sleep_for(takes);
      asked.to(asked.what.id % 50 != 0);
    });
  });
}

struct notice {
  std::int64_t id;
};
using notifier_message = message<notice>;

task<> notifier(inbox<notifier_message> in, service_counts& counts) {
  while (auto next = co_await in.receive())
    co_await next->match([&](notice&) { ++counts.notified; });
}

// ---- the desk: one order from its reservation to its notice
// ----------------------------------------------------------

struct colleagues {
  actor_ref<accounts_message> accounts;
  actor_ref<authorizer_message> authorizer;
  actor_ref<journal_message> journal;
  actor_ref<notifier_message> notifier;
};

/// Money that is promised to one transfer, until that is settled or given up.
class reservation {
public:
  reservation(const colleagues& with, service_counts& counts, std::int64_t id) noexcept
      : with_(&with), counts_(&counts), id_(id) {}

  void commit_begins() noexcept { commit_began_ = true; }

  /// The order has failed: the money goes back, unless the journal knows better.
  task<> release() {
    bool written = false;
    if (commit_began_) {
      written = co_await with_->journal.ask<lookup>(id_);
      ++counts_->doubts_settled;
    }
    if (written)
      co_await with_->accounts.tell<settle>(id_);
    else
      co_await with_->accounts.tell<ledger::release>(id_);
  }

private:
  const colleagues* with_;
  service_counts* counts_;
  std::int64_t id_;
  bool commit_began_ = false;
};

task<reservation> reserved(const colleagues& with, service_counts& counts, transfer what) {
  const bool enough = co_await with.accounts.ask<reserve>(what);
  if (!enough)
    throw refused{"account " + std::to_string(what.from) + " has too little"};
  co_return reservation{with, counts, what.id};
}

task<> committed(const colleagues& with, transfer what) {
  const bool written = co_await with.journal.ask<commit>(what);
  if (!written)
    throw refused{"account " + std::to_string(what.from) + " has too little"};
  co_await with.accounts.tell<settle>(what.id);
}

struct desk_state {
  const colleagues with;
  answer_file& answers;
  const service_options options;
  service_counts& counts;
};

task<> carried_out(desk_state& desk, transfer what) {
  co_await in_exit_stack([&](exit_stack& stack) -> task<> {
    reservation& held = co_await stack.enter_on_failure(reserved(desk.with, desk.counts, what));
    const bool authorized = co_await desk.with.authorizer.ask<authorize>(what);
    if (!authorized)
      throw refused{"transfer " + std::to_string(what.id) + " is not authorized"};
    co_await checkpoint(); // the last moment for a cancel
    desk.answers.note(what.id, answer::commit_began);
    held.commit_begins();
    co_await shield(desk.options.commit_limit, committed(desk.with, what));
  });
}

task<> desk(inbox<desk_message> in, desk_state& state) {
  co_await handle_concurrently(in, state.options.at_once, [&state](desk_message& m) {
    return m.match([&state](order& asked) -> task<> {
      const outcome<> ended = co_await as_outcome(carried_out(state, asked.what));
      if (ended.has_error()) {
        asked.to.fail(ended.error());
        co_return;
      }
      asked.to();
      static_cast<void>(state.with.notifier.try_tell<notice>(asked.what.id));
    });
  });
}

} // namespace

actor_ref<desk_message> start_service(task_group& group, store& database, answer_file& answers,
                                      const service_options& options, service_counts& counts) {
  const std::size_t capacity = options.capacity;
  const auto journal_ref =
      group.start_actor({.name = "journal", .capacity = capacity}, journal, std::ref(database), options.commit_limit);
  const auto accounts_ref =
      group.start_actor({.name = "accounts", .capacity = capacity}, accounts, database.balances());
  const auto authorizer_ref =
      group.start_actor({.name = "authorizer", .capacity = capacity}, authorizer, options.at_once, options.authorizing);
  const auto notifier_ref = group.start_actor(
      {.name = "notifier", .capacity = capacity, .on_full = overflow::drop_oldest}, notifier, std::ref(counts));
  const auto run_desk = [](inbox<desk_message> in, desk_state state) -> task<> { co_await desk(std::move(in), state); };
  return group.start_actor(
      {.name = "desk", .capacity = capacity}, run_desk,
      desk_state{{accounts_ref, authorizer_ref, journal_ref, notifier_ref}, answers, options, counts});
}

} // namespace troupe::ledger
