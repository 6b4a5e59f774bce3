#include <troupe/actors/actor_ref.hpp>

#include <algorithm>

namespace troupe::detail {

namespace {

task<> answered(ask_block& ask) { co_await ask_block::wait_operation{ask}; }

} // namespace

task<> settled(ask_block& ask, task<> sent) {
  fiber& self = co_await current_fiber{};
  const instant now = self.runs_on().time().now();
  const instant around = this_fiber::deadline();
  const instant own = around == instant::max() ? now + ask_limit_default : instant::max();
  ask.set_deadline(std::min(around, own));
  bool pass_on = false;
  {
    deadline_scope entered{self, own};
    outcome<> waited = co_await catch_stop(std::move(sent));
    if (!waited.cancelled()) {
      waited.value(); // throws where there was no memory to send it
      co_return;
    }
    if (!ask.revoke()) {
      const deadline_scope patience{self, saturated(self.runs_on().time().now(), fate_limit_default),
                                    cancel_scope::shielding::cleanup};
      static_cast<void>(co_await catch_stop(answered(ask)));
      ask.give_up();
    }
    if (!ask.failed())
      co_return; // the answer came all the same
    pass_on = entered.outer_stopping();
  }
  if (pass_on) {
    note_fate(self, ask.error());
    co_await continue_stop{};
  }
}

} // namespace troupe::detail
