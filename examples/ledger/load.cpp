#include <troupe/ledger/load.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>

#include <functional>
#include <random>

namespace troupe::ledger {

namespace {

constexpr std::int64_t opening_balance = 10'000;

answer answer_in(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const refused&) {
    return answer::refused;
  } catch (const in_doubt&) {
    return answer::in_doubt;
  } catch (const deadline_exceeded& late) { // without a fate it was not even asked
    return late.fate() != nullptr ? answer_in(late.fate()) : answer::not_started;
  } catch (const ask_error& failed) {
    return failed.nothing_begun()                  ? answer::not_started
           : failed.why() == ask_failure::in_doubt ? answer::in_doubt
                                                   : answer::aborted;
  }
}

struct clients_state {
  actor_ref<desk_message> desk;
  answer_file& answers;
  load_counts& counts;
  std::atomic<std::int64_t>& last_id;
  std::int64_t accounts;
};

/// Half of the clients have a limit that passes at some moment of the work; a fourth has none, and a fourth is
/// cancelled and goes on without hearing what came of it.
task<> asked(const actor_ref<desk_message>& desk, transfer what, duration limit, std::uint64_t kind, bool& answered) {
  if (kind == 0)
    co_await desk.ask<order>(what);
  else if (kind == 1)
    answered = co_await move_on_after(limit, desk.ask<order>(what));
  else
    co_await fail_after(limit, desk.ask<order>(what));
}

task<> client(clients_state& state, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  for (;;) {
    const transfer what{++state.last_id,
                        static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(state.accounts)),
                        static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(state.accounts)),
                        static_cast<std::int64_t>(1 + random() % 2'000)};
    const auto limit = std::chrono::microseconds{random() % 20'000};
    bool answered = true;
    const outcome<> ended = co_await as_outcome(asked(state.desk, what, limit, random() % 4, answered));
    if (!answered) {
      ++state.counts.cancelled;
      continue;
    }
    const answer got = ended.has_error() ? answer_in(ended.error()) : answer::committed;
    state.answers.note(what.id, got);
    ++state.counts.answers[static_cast<std::size_t>(got)];
  }
}

} // namespace

task<> run_load(const load_options& options, load_counts& counts) {
  store database{options.database};
  database.open_accounts(options.accounts, opening_balance);
  const auto accounts = static_cast<std::int64_t>(database.balances().size());
  answer_file answers{options.database + ".answers"};
  const std::map<std::int64_t, told> known = read_answers(options.database + ".answers");
  std::atomic<std::int64_t> last_id{
      std::max(database.last_id(), known.empty() ? std::int64_t{0} : known.rbegin()->first)};
  co_await in_task_group([&](task_group& service) -> task<> {
    clients_state state{start_service(service, database, answers, options.service, counts.service), answers, counts,
                        last_id, accounts};
    static_cast<void>(co_await move_on_after(options.lasts, in_task_group([&](task_group& clients) {
                                               for (std::size_t i = 0; i < options.clients; ++i)
                                                 clients.start({}, client, std::ref(state), options.seed * 1'000 + i);
                                             })));
  });
}

} // namespace troupe::ledger
