#include <troupe/ledger/load.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

namespace troupe::ledger {

namespace {

constexpr std::int64_t opening_balance = 10'000;

answer answer_in(const verdict& told) {
  if (!told.refused())
    return answer::committed;
  switch (*told.refused()) {
  case refusal::deadline_exceeded:
  case refusal::overloaded:
  case refusal::storage:
  case refusal::unavailable:
    return answer::not_started;
  case refusal::in_doubt:
    return answer::in_doubt;
  default:
    return answer::refused;
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
task<std::optional<verdict>> asked(const actor_ref<desk_message>& desk, const transfer& what, duration limit,
                                   std::uint64_t kind) {
  if (kind == 0)
    co_return co_await desk.ask<order>(what);
  if (kind == 1)
    co_return co_await move_on_after(limit, desk.ask<order>(what));
  co_return co_await fail_after(limit, desk.ask<order>(what));
}

task<> client(clients_state& state, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  for (;;) {
    const std::int64_t id = ++state.last_id;
    const auto account = [&] {
      return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(state.accounts));
    };
    const std::int64_t from = account(), to = account();
    const transfer what{std::to_string(id), from, to, static_cast<std::int64_t>(1 + random() % 2'000)};
    const auto limit = std::chrono::microseconds{random() % 20'000};
    outcome<std::optional<verdict>> ended = co_await as_outcome(asked(state.desk, what, limit, random() % 4));
    if (ended.has_value() && !ended.value()) {
      ++state.counts.cancelled;
      continue;
    }
    const answer got = answer_in(ended.has_error() ? verdict_of_order(ended.error()) : *ended.value());
    state.answers.note(id, got);
    ++state.counts.answers[static_cast<std::size_t>(got)];
  }
}

} // namespace

task<> run_load(const load_options& options, load_counts& counts) {
  const auto opened = std::make_shared<store>(options.database);
  opened->open_accounts(options.accounts, opening_balance);
  const auto accounts = static_cast<std::int64_t>(opened->read_balances().cents.size());
  answer_file answers{options.database + ".answers"};
  const std::map<std::int64_t, told> known = read_answers(options.database + ".answers");
  std::atomic<std::int64_t> last_id{known.empty() ? 0 : known.rbegin()->first};
  service_options service = options.service;
  service.open = [&options] { return std::make_shared<store>(options.database); };
  service.authorizing = std::chrono::microseconds{200};
  service.authorizes = [](const transfer& what) { return std::stoll(what.key) % 50 != 0; };
  service.commit_begins = [&answers](const transfer& what) {
    answers.note(std::stoll(what.key), answer::commit_began);
  };
  co_await supervise(supervision(), [&](supervisor& top) -> task<> {
    service_refs refs = co_await start_service(top, service, counts.service);
    clients_state state{refs.desk, answers, counts, last_id, accounts};
    static_cast<void>(co_await move_on_after(options.lasts, in_task_group([&](task_group& clients) {
                                               for (std::size_t i = 0; i < options.clients; ++i)
                                                 clients.start({}, client, std::ref(state), options.seed * 1'000 + i);
                                             })));
  });
}

} // namespace troupe::ledger
