#include <troupe/ledger/service.hpp>

#include <troupe/actors/handle_concurrently.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace troupe::ledger {

namespace {

using namespace std::chrono_literals;

/// How long who asks waits for the fate of what was begun before its deadline: the desk longer than the journal, whose
/// word it passes on.
constexpr duration journal_fate = 250ms;
constexpr duration desk_fate = 500ms;

/// True while this lives.
class flag {
public:
  explicit flag(std::atomic<bool>& of) noexcept : of_(of) { of_ = true; }
  ~flag() { of_ = false; }
  flag(const flag&) = delete;
  flag& operator=(const flag&) = delete;

private:
  std::atomic<bool>& of_;
};

instant now() { return this_fiber::pointer()->runs_on().time().now(); }

/// An order in hand.
class counted {
public:
  explicit counted(service_counts& in) : in_(in), began_(now()) { ++in_.in_hand; }
  ~counted() { --in_.in_hand; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;

  void note_time() const {
    constexpr duration::rep weight = 16; // of what was known before; two that note at once lose one of both
    const duration::rep known = in_.order_takes;
    const duration::rep took = (now() - began_).count();
    in_.order_takes = known == 0 ? took : known + (took - known) / weight;
  }

private:
  service_counts& in_;
  const instant began_;
};

struct desk_state {
  actor_ref<journal_message> journal;
  const service_options& options;
  service_counts& counts;
};

/// The journal may be asked until the deadline of the order. Once it has begun nobody stops it.
task<verdict> written_down(const desk_state& desk, const transfer& what, instant deadline) {
  co_return co_await shield(desk.options.commit_limit, fail_at(deadline, desk.journal.ask<commit>(what)));
}

task<> take(const desk_state& desk, order& asked) {
  const counted in_hand{desk.counts};
  if (desk.options.authorizes) {
    co_await sleep_for(desk.options.authorizing);
    if (!desk.options.authorizes(asked.what)) {
      asked.to(refusal::not_authorized, "transfer " + asked.what.key + " is not authorized");
      co_return;
    }
  }
  co_await checkpoint(); // the last moment for a cancel
  if (desk.options.commit_begins)
    desk.options.commit_begins(asked.what);
  outcome<verdict> ended = co_await as_outcome(written_down(desk, asked.what, this_fiber::deadline()));
  verdict told = ended.has_error() ? verdict_of_commit(ended.error()) : std::move(ended).value();
  in_hand.note_time();
  asked.to(std::move(told));
}

task<> answer(const desk_state& desk, question& asked) {
  outcome<std::optional<std::int64_t>> found = co_await as_outcome(desk.journal.ask<lookup>(asked.key));
  if (found.has_error())
    asked.to.fail(found.error()); // it is the journal that has failed
  else
    asked.to(std::move(found).value());
}

task<> desk(inbox<desk_message> in, desk_state state) {
  const flag serving{state.counts.is_serving};
  co_await handle_concurrently(in, state.options.at_once, [&state](desk_message& m) {
    return m.match([&state](order& asked) { return take(state, asked); },
                   [&state](question& asked) { return answer(state, asked); });
  });
}

} // namespace

duration time_for(std::size_t orders, const service_options& options, const service_counts& counts) noexcept {
  return duration{counts.order_takes} * static_cast<duration::rep>(orders) /
         static_cast<duration::rep>(options.at_once);
}

supervisor_options supervision() {
  return {.strategy = restart_strategy::one_for_all,
          .intensity = 5, // about 6 s of a fault that comes back at once
          .period = 30s,
          .backoff = {.initial = 200ms, .longest = 5s, .stable_after = 30s}};
}

task<service_refs> start_service(supervisor top, const service_options& options, service_counts& counts) {
  const auto accounts_ref =
      co_await top.start_actor({.name = "accounts", .capacity = options.capacity}, accounts, options.open);
  // None of them is killed in a commit.
  const duration shutdown = options.commit_limit + desk_fate + 1s;
  journal_options of_journal{options.open,      accounts_ref,          options.at_once, options.commit_limit,
                             &counts.committed, &counts.lacks_storage, options.says};
  const auto journal_ref = co_await top.start_actor(
      {.name = "journal", .capacity = options.at_once, .limits = {.fate = journal_fate}, .shutdown = shutdown}, journal,
      of_journal);
  desk_state of_desk{journal_ref, options, counts};
  const auto desk_ref = co_await top.start_actor({.name = "desk",
                                                  .capacity = options.capacity,
                                                  .on_full = overflow::reject,
                                                  .limits = {.fate = desk_fate},
                                                  .shutdown = shutdown},
                                                 desk, of_desk);
  service_refs made{desk_ref, accounts_ref};
  co_return made;
}

} // namespace troupe::ledger
