#include <troupe/runtime/caf_child.hpp>
#include <troupe/runtime/caf_failure.hpp>
#include <troupe/scope/cancel_scope.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/station.hpp>

#include <caf/exit_reason.hpp>

#include <exception>

namespace troupe::detail {

namespace {

using wait_for = caf_run::change_operation;

task<> lives(const startup& up, caf_run& run) {
  const bool has_started = co_await wait_for{run, caf_run::awaited::start_or_end, fiber::wait_kind::plain};
  if (has_started)
    up.started();
  co_await wait_for{run, caf_run::awaited::end, fiber::wait_kind::daemon};
}

task<> ends(caf_run& run) { co_await wait_for{run, caf_run::awaited::end, fiber::wait_kind::plain}; }

/// It was asked to end, and is killed when its supervisor says that it takes too long: by ending the commit phases.
task<> ended_on_request(fiber& self, caf_run& run) {
  {
    const cancel_scope grace{self, cancel_scope::shielding::commit};
    const outcome<> waited = co_await catch_stop(ends(run));
    if (waited.cancelled())
      run.send_exit(caf::exit_reason::kill);
  }
  co_await wait_for{run, caf_run::awaited::end, fiber::wait_kind::shielded};
}

bool is_asked_for(const caf::error& reason) { return reason == caf::exit_reason::user_shutdown; }
bool is_normal(const caf::error& reason) { return !reason || reason == caf::exit_reason::normal; }

/// @pre it is no normal end
[[noreturn]] void throw_why(const caf_run& run) {
  std::rethrow_exception(run.error() ? run.error() : failure_in(run.reason(), run.system(), "the CAF actor has ended"));
}

} // namespace

caf_run_owner::~caf_run_owner() {
  if (!run_)
    return;
  withdraw();
  run_->send_exit(caf::exit_reason::kill); // where it has ended already: to nobody
  run_->close();
}

void caf_run_owner::publish(caf::strong_actor_ptr actor) {
  run_->watch(std::move(actor));
  life_->set(run_);
}

task<> live_as_caf_actor(startup up, caf_run_owner mine) {
  fiber& self = co_await current_fiber{};
  caf_run& run = *mine.run();
  const outcome<> waited = co_await catch_stop(lives(up, run));
  if (waited.cancelled())
    run.send_exit(caf::exit_reason::user_shutdown);
  mine.withdraw();
  if (waited.has_error()) { // a test crashes it
    run.send_exit(caf::exit_reason::kill);
    co_await wait_for{run, caf_run::awaited::end, fiber::wait_kind::shielded};
    std::rethrow_exception(waited.error());
  }
  if (waited.cancelled()) {
    co_await ended_on_request(self, run);
    if (!is_normal(run.reason()) && !is_asked_for(run.reason()) && run.reason() != caf::exit_reason::kill)
      throw_why(run);
    co_await continue_stop{};
  }
  if (is_asked_for(run.reason())) { // by somebody else: its end is that of a child that was cancelled
    self.innermost_scope().cancel();
    co_await checkpoint();
  }
  if (!is_normal(run.reason()))
    throw_why(run);
}

} // namespace troupe::detail
