#include <troupe/actors/actor_ref.hpp>
#include <troupe/scope/steady_time.hpp>
#include <troupe/scope/would_deadlock.hpp>

#include <optional>

namespace troupe::detail {

namespace {

task<> answered(ask_block& ask) { co_await ask_block::wait_operation{ask}; }

/// Empty: it is no cycle.
std::optional<would_deadlock> cycle_in(const outcome<>& waited) {
  if (!waited.has_error())
    return std::nullopt;
  try {
    std::rethrow_exception(waited.error());
  } catch (const would_deadlock& cycle) {
    return cycle;
  } catch (...) {
    return std::nullopt;
  }
}

} // namespace

task<> settled(ask_block& ask, task<> sent, const ask_limits& limits) {
  fiber& self = co_await current_fiber{};
  const struct telling {
    explicit telling(const ask_block& ask) noexcept : of(ask) { of.tell_sent(); }
    const ask_block& of;
    ~telling() { of.tell_ended(); }
  } at_the_end{ask};
  instant until = deadline_scope::earliest_around(self);
  bool pass_on = true;
  {
    std::optional<deadline_scope> own; // where none is around
    if (until == instant::max()) {
      until = saturated(self.runs_on().time().now(), limits.ask);
      own.emplace(self, until);
    }
    ask.set_deadline(until);
    outcome<> waited = co_await catch_stop(std::move(sent));
    if (!waited.cancelled() && !waited.has_error())
      co_return;
    const std::optional<would_deadlock> cycle = cycle_in(waited);
    if (waited.has_error() && !cycle) { // no memory to send it, or to wait
      if (!ask.revoke())
        ask.give_up();
      std::rethrow_exception(waited.error());
    }
    if (!ask.revoke()) {
      const deadline_scope patience{self, saturated(self.runs_on().time().now(), limits.fate),
                                    cancel_scope::shielding::cleanup};
      static_cast<void>(co_await catch_stop(answered(ask)));
      ask.give_up();
    }
    if (!ask.failed())
      co_return; // the answer came all the same
    if (cycle)
      throw ask_error{*cycle, ask.begun()};
    if (own)
      pass_on = own->outer_stopping();
  }
  if (pass_on) {
    deadline_scope::note_fate(self, ask.error());
    co_await continue_stop{};
  }
}

void settle_blocking(ask_block& ask, instant began, duration at_most, duration fate_limit) {
  TROUPE_ASSERT(this_fiber::pointer() == nullptr,
                "ask_blocking() would block everybody on this thread: in a fiber, co_await ask()");
  if (ask.wait_blocking(at_most - (steady_time::real_now() - began)) || ask.revoke())
    return;
  static_cast<void>(ask.wait_blocking(fate_limit));
  ask.give_up();
}

} // namespace troupe::detail
