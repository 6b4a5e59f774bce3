#include <troupe/runtime/caf_error.hpp>
#include <troupe/runtime/caf_simulated_scheduler.hpp>
#include <troupe/runtime/caf_simulation.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/scope/station.hpp>
#include <troupe/simulation/simulator.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/thread_hook.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::detail {

namespace {

using end_wait = simulated_scheduler::end_wait;
using ends = simulated_scheduler::end_of;

/// Called on each thread that the actor system makes, first of all: so nothing runs there, however late it begins.
class refuses_threads final : public caf::thread_hook {
  void init(caf::actor_system&) override {}
  void thread_started() override { require_no_thread(false); }
  void thread_terminates() override {}
};

/// One actor system, for one run.
class simulated_caf {
public:
  explicit simulated_caf(simulator& in) {
    config_.add_error_category(ask_errors, render_ask_error);
    config_.add_thread_hook<refuses_threads>();
    config_.module_factories.emplace_back([&in](caf::actor_system& system) -> caf::actor_system::module* {
      return new simulated_scheduler{system, in};
    });
    system_.emplace(config_);
  }
  ~simulated_caf() {
    TROUPE_ASSERT(
        scheduler().is_over(ends::actors),
        "a CAF actor is left at the end of its simulation: one that was never sent anything, a scoped_actor or "
        "an actor_companion, to which somebody still has a handle");
  }

  caf::actor_system& system() noexcept { return *system_; }
  simulated_scheduler& scheduler() noexcept { return static_cast<simulated_scheduler&>(system_->scheduler()); }

private:
  caf::actor_system_config config_;
  std::optional<caf::actor_system> system_;
};

task<> live(simulated_caf& in, std::function<task<>(caf::actor_system&)> body) {
  co_await body(in.system());
  co_await end_wait{in.scheduler(), ends::actors, fiber::wait_kind::plain};
}

} // namespace

task<> live_with_simulated_caf(std::function<task<>(caf::actor_system&)> body) {
  fiber& self = co_await current_fiber{};
  auto* const in = dynamic_cast<simulator*>(&self.runs_on());
  TROUPE_ASSERT(in != nullptr, "in_caf_simulation() was called outside of a simulator: a runtime has its actor system");
  auto caf = std::make_unique<simulated_caf>(*in);
  const outcome<> ended = co_await catch_stop(live(*caf, std::move(body)));
  caf->scheduler().kill_all();
  // As a runtime does: they may hold what came from the system. What killed actors have told them they have heard.
  co_await end_wait{caf->scheduler(), ends::abandoned_fibers, fiber::wait_kind::shielded};
  caf->scheduler().kill_all();
  caf.reset();
  if (ended.cancelled())
    co_await continue_stop{};
  if (ended.has_error())
    std::rethrow_exception(ended.error());
}

} // namespace troupe::detail
