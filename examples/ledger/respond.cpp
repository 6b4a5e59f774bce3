#include <troupe/ledger/respond.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::ledger {

namespace {

verdict shutting_down() { return {refusal::shutting_down, "the service is being shut down: nothing was begun"}; }

/// Empty: the actors can be asked.
std::optional<verdict> reason_not_to_ask(const service_side& with, instant deadline) {
  if (with.draining)
    return shutting_down();
  if (!with.counts.is_serving)
    return verdict{refusal::unavailable, "a part of the service is being started anew: nothing was begun"};
  if (this_fiber::pointer()->runs_on().time().now() >= deadline)
    return verdict{refusal::deadline_exceeded, "the deadline has passed before it was its turn: nothing was begun"};
  if (is_full(with.options, with.counts))
    return verdict{refusal::overloaded, "too many requests wait: nothing was begun"};
  return std::nullopt;
}

std::string refused(service_side& with, const std::string& id, const verdict& why) {
  ++with.all.counts().refused;
  duration retry_after{};
  if (why.refused() == refusal::overloaded) {
    ++with.all.counts().overloaded;
    retry_after = std::max(pause_when_full, time_for(with.counts.admitted, with.options, with.counts));
  }
  return refusal_answer(id, *why.refused(), why.message(), retry_after);
}

task<std::string> respond_to(service_side& with, const admitted& from, const transfer& what) {
  outcome<verdict> ended = co_await as_outcome(fail_at(from.deadline(), with.refs.desk.ask<order>(what)));
  const verdict told = ended.has_error() ? verdict_of_order(ended.error()) : std::move(ended).value();
  if (told.refused())
    co_return refused(with, from.asked().id, told);
  co_return committed_answer(from.asked().id, told.number(), told.repeated());
}

task<std::string> respond_to(service_side& with, const admitted& from, const status_request& about) {
  outcome<std::optional<std::int64_t>> ended =
      co_await as_outcome(fail_at(from.deadline(), with.refs.desk.ask<question>(about.key)));
  if (ended.has_error())
    co_return refused(with, from.asked().id, verdict_of_question(ended.error()));
  co_return status_answer(from.asked().id, about.key, std::move(ended).value());
}

task<std::string> respond_to(service_side& with, const admitted& from, const balance_request& about) {
  outcome<std::optional<std::int64_t>> ended =
      co_await as_outcome(fail_at(from.deadline(), with.refs.accounts.ask<balance_of>(about.account)));
  if (ended.has_error())
    co_return refused(with, from.asked().id, verdict_of_question(ended.error()));
  const std::optional<std::int64_t> cents = std::move(ended).value();
  if (!cents)
    co_return refused(with, from.asked().id,
                      {refusal::unknown_account, "there is no account " + std::to_string(about.account)});
  co_return balance_answer(from.asked().id, about.account, *cents);
}

std::string health_of(service_side& with, const request& asked) {
  health now;
  now.status = with.draining               ? "draining"
               : !with.counts.is_serving   ? "restarting"
               : with.counts.lacks_storage ? "no_storage"
                                           : "serving";
  now.accounts = with.accounts;
  now.connections = with.all.counts().open;
  now.queued = with.refs.desk.statistics().depth;
  now.in_hand = with.counts.in_hand;
  now.committed = with.counts.committed;
  now.overloaded = with.all.counts().overloaded;
  for (const supervised& each : with.top.children())
    now.restarts += each.incarnation() - 1;
  now.uptime = this_fiber::pointer()->runs_on().time().now() - with.began;
  return health_answer(asked.id, now);
}

} // namespace

std::variant<std::string, admitted> look_at(service_side& with, const received_line& line) {
  try {
    request asked = parse_request(line.text);
    if (std::holds_alternative<health_request>(asked.what))
      return health_of(with, asked);
    const instant deadline = saturated(line.at, asked.deadline);
    if (const std::optional<verdict> why = reason_not_to_ask(with, deadline))
      return refused(with, asked.id, *why);
    return admitted{std::move(asked), deadline, with.counts.admitted};
  } catch (const bad_request& wrong) {
    if (with.draining && wrong.id().empty()) // the shutdown may have cut the line off
      return refused(with, {}, shutting_down());
    return refused(with, wrong.id(), {refusal::bad_request, wrong.what()});
  }
}

task<std::string> respond(service_side& with, admitted what) {
  const auto& asked = what.asked().what;
  if (const auto* const wanted = std::get_if<transfer>(&asked))
    co_return co_await respond_to(with, what, *wanted);
  if (const auto* const about = std::get_if<status_request>(&asked))
    co_return co_await respond_to(with, what, *about);
  co_return co_await respond_to(with, what, std::get<balance_request>(asked));
}

} // namespace troupe::ledger
