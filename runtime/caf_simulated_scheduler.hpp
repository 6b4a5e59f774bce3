// CAF's scheduler in a simulated run. Opt-in: shows CAF's headers, target troupe::caf.

#pragma once

#include <troupe/runtime/caf_simulated_clock.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/simulation/step_source.hpp>

#include <caf/actor_addr.hpp>
#include <caf/execution_unit.hpp>
#include <caf/message_id.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

/// Ends the program with a sentence where CAF has made one.
void require_no_thread(bool holds);

/// CAF's scheduler: what it would give to its workers are steps of the simulator.
class simulated_scheduler final : public caf::scheduler::abstract_coordinator, public step_source {
public:
  simulated_scheduler(caf::actor_system& system, simulator& in)
      : abstract_coordinator(system), simulator_(in), clock_(in.clock()), unit_(*this) {
    max_throughput_ = 1;
    num_workers_ = 1;
    simulator_.join(*this);
  }
  ~simulated_scheduler() override {
    utility_actors_ = {}; // an actor that goes asks for the clock
    simulator_.leave(*this);
  }

  /// @name For the one fiber that has the system
  ///@{
  class end_wait;
  enum class end_of : bool { actors, abandoned_fibers };
  bool is_over(end_of what) const noexcept;
  /// Ends all actors that were ever ready, and takes back what they were ready for.
  void kill_all();
  ///@}

  caf::actor_clock& clock() noexcept override { return clock_; }
  bool detaches_utility_actors() const override { return false; }
  void init(caf::actor_system_config&) override {}
  void start() override;
  void stop() override;
  void enqueue(caf::resumable* what) override;

  void add_steps(std::vector<choice>& all) override;
  void run_step(const choice& picked) override;
  std::string report() const override;

private:
  struct job {
    caf::resumable* what; // holds a count of it
    std::uint64_t number;
  };

  /// What actors take for the worker that runs them.
  class unit final : public caf::execution_unit {
  public:
    explicit unit(simulated_scheduler& of) : execution_unit(&of.system_), of_(of) {}
    void exec_later(caf::resumable* what) override { of_.enqueue(what); }

  private:
    simulated_scheduler& of_;
  };

  // Numbers of steps: an actor's is its own, from 1.
  static constexpr std::uint64_t delivery = 0;
  static constexpr std::uint64_t last_look = 1ULL << 60U;
  static constexpr std::uint64_t others = last_look + 1; // what is no actor, of which CAF itself has nothing

  void run(std::size_t index);
  void note_request(caf::scheduled_actor& to);
  std::string name_of(caf::actor_id of) const;
  void kill(caf::scheduled_actor& ended);

  simulator& simulator_;
  simulated_clock clock_;
  unit unit_;
  std::deque<job> ready_;
  std::map<caf::actor_id, caf::actor_addr> actors_; // that were ready, and may not have ended
  /// Of the requests that actors have seen: by sender and number of the answer, to whom.
  std::map<std::pair<caf::actor_id, caf::message_id>, caf::actor_id> requests_;
  std::uint64_t others_ = 0;
  end_wait* waiting_ = nullptr;
};

class simulated_scheduler::end_wait {
public:
  end_wait(simulated_scheduler& of, end_of what, fiber::wait_kind kind) noexcept : of_(of), what_(what), kind_(kind) {}
  ~end_wait() { of_.waiting_ = nullptr; }
  end_wait(const end_wait&) = delete;
  end_wait& operator=(const end_wait&) = delete;

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>);
  void await_resume() const noexcept {}

private:
  friend class simulated_scheduler;

  simulated_scheduler& of_;
  const end_of what_;
  const fiber::wait_kind kind_;
  fiber* self_ = nullptr;
};

} // namespace troupe::detail
