#include <troupe/runtime/caf_error.hpp>
#include <troupe/runtime/caf_simulation.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/scope/station.hpp>
#include <troupe/simulation/simulator.hpp>

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_companion.hpp>
#include <caf/actor_registry.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/detail/simple_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message_id.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/thread_hook.hpp>

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

namespace {

void require_no_thread(bool holds) {
  TROUPE_ASSERT(holds, "CAF has started a thread in a simulation, which runs everything on one: detached and blocking "
                       "actors, and the middleman, cannot be simulated");
}

/// Called on each thread that the actor system makes, first of all: so nothing runs there, however late it begins.
class refuses_threads final : public caf::thread_hook {
  void init(caf::actor_system&) override {}
  void thread_started() override { require_no_thread(false); }
  void thread_terminates() override {}
};

/// CAF's timeouts and delayed messages. The first of them is a timer of the simulator's.
class simulated_clock final : public caf::detail::simple_actor_clock {
public:
  explicit simulated_clock(virtual_clock& time) noexcept : time_(time) {}
  ~simulated_clock() override { time_.remove(alarm_); }

  time_point now() const noexcept override { return time_.now() + beginning; }
  bool is_due() const noexcept { return !schedule_.empty() && schedule_.begin()->first <= now(); }
  /// Delivers the first that is due.
  void deliver() {
    const auto first = schedule_.begin();
    const std::unique_ptr<delayed_event> delivered = std::move(first->second);
    if (delivered->backlink != actor_lookup_.end())
      actor_lookup_.erase(delivered->backlink);
    schedule_.erase(first);
    set_alarm();
    ship(*delivered);
  }

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, std::uint64_t id) override {
    simple_actor_clock::set_ordinary_timeout(t, self, type, id);
    set_alarm();
  }
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, std::uint64_t id) override {
    simple_actor_clock::set_multi_timeout(t, self, type, id);
    set_alarm();
  }
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override {
    simple_actor_clock::set_request_timeout(t, self, id);
    set_alarm();
  }
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override {
    simple_actor_clock::cancel_ordinary_timeout(self, type);
    set_alarm();
  }
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override {
    simple_actor_clock::cancel_request_timeout(self, id);
    set_alarm();
  }
  void cancel_timeouts(caf::abstract_actor* self) override {
    simple_actor_clock::cancel_timeouts(self);
    set_alarm();
  }
  void schedule_message(time_point t, caf::strong_actor_ptr receiver, caf::mailbox_element_ptr content) override {
    simple_actor_clock::schedule_message(t, std::move(receiver), std::move(content));
    set_alarm();
  }
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender, caf::message content) override {
    simple_actor_clock::schedule_message(t, std::move(target), std::move(sender), std::move(content));
    set_alarm();
  }
  void cancel_all() override {
    simple_actor_clock::cancel_all();
    set_alarm();
  }

private:
  /// It only lets time pass: a timer's callback may not set others, as the receiver of a message does.
  class alarm final : public timer {
  public:
    alarm() noexcept : timer(instant{}, [](timer&, wakeups&) noexcept {}) {}
    using timer::set_when;
  };

  /// CAF takes the clock's first instant for none.
  static constexpr duration beginning{1};

  void set_alarm() {
    const time_point first = schedule_.empty() ? time_point::max() : schedule_.begin()->first;
    if (first == alarm_set_to_)
      return;
    time_.remove(alarm_);
    alarm_set_to_ = first;
    if (first == time_point::max() || is_due())
      return;
    alarm_.set_when(first - beginning);
    time_.add(alarm_);
  }

  virtual_clock& time_;
  alarm alarm_;
  time_point alarm_set_to_ = time_point::max();
};

/// What CAF shows of an actor to those that derive from it alone.
class inside final : public caf::scheduled_actor {
public:
  static bool looks_at_nothing_else(caf::scheduled_actor& of) { return !(of.*&inside::awaited_responses_).empty(); }
  /// The requests of which it has no answer yet, by the numbers that the answers will have.
  static std::vector<caf::message_id> requests(caf::scheduled_actor& of) {
    std::vector<caf::message_id> all;
    for (const auto& [answer, handler] : of.*&inside::awaited_responses_)
      all.push_back(answer);
    for (const auto& [answer, handler] : of.*&inside::multiplexed_responses_)
      all.push_back(answer);
    return all;
  }
};

/// What the one fiber waits for that has the system.
enum class awaited : std::uint8_t { nothing, end_of_actors, end_of_abandoned_fibers };

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

  /// Ends all actors that were ever ready, and takes back what they were ready for.
  void kill_all();
  bool is_over(awaited what) const noexcept {
    return what == awaited::end_of_actors ? system().registry().running() == 0 : simulator_.abandoned_fibers() == 0;
  }
  /// @param waits  whose wait is open; null: nobody
  void wait(fiber* waits, awaited until) noexcept {
    waiting_ = waits;
    until_ = until;
  }

  caf::actor_clock& clock() noexcept override { return clock_; }
  bool detaches_utility_actors() const override { return false; }
  void init(caf::actor_system_config&) override {}
  void start() override {
    // It says nothing: what is written to it is dropped.
    utility_actors_[printer_id] = system_.spawn<caf::actor_companion, caf::hidden>();
  }
  /// The system itself has told its own actors to end.
  void stop() override {
    while (!ready_.empty())
      run(0);
    clock_.cancel_all();
  }
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
  static constexpr std::uint64_t others = last_look + 1;

  caf::actor_system& system() const noexcept { return system_; }
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
  fiber* waiting_ = nullptr;
  awaited until_ = awaited::nothing;
};

void simulated_scheduler::enqueue(caf::resumable* what) {
  if (what->subtype() != caf::resumable::scheduled_actor)
    return ready_.push_back({what, others + others_++});
  const auto& actor = static_cast<caf::scheduled_actor&>(*what);
  actors_.try_emplace(actor.id(), actor.address());
  ready_.push_back({what, actor.id()});
}

void simulated_scheduler::add_steps(std::vector<choice>& all) {
  require_no_thread(system_.detached_actors() == 0);
  for (const job& each : ready_)
    all.push_back({choice_kind::job, each.number, 0, nullptr, this});
  if (clock_.is_due())
    all.push_back({choice_kind::job, delivery, 0, nullptr, this});
  if (waiting_ != nullptr && is_over(until_))
    all.push_back({choice_kind::job, last_look, 0, nullptr, this});
}

void simulated_scheduler::run_step(const choice& picked) {
  if (picked.number == delivery)
    return clock_.deliver();
  if (picked.number == last_look) {
    wakeups woken;
    static_cast<void>(std::exchange(waiting_, nullptr)->grant(woken)); // false: a stop was faster
    return;
  }
  const auto found =
      std::find_if(ready_.begin(), ready_.end(), [&](const job& each) { return each.number == picked.number; });
  run(static_cast<std::size_t>(found - ready_.begin()));
}

void simulated_scheduler::run(std::size_t index) {
  const job next = ready_[index];
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(index));
  if (next.number < last_look)
    note_request(static_cast<caf::scheduled_actor&>(*next.what));
  switch (next.what->resume(&unit_, max_throughput_)) {
  case caf::resumable::resume_later:
    return ready_.push_back(next);
  case caf::resumable::done:
    actors_.erase(next.number);
    [[fallthrough]];
  case caf::resumable::awaiting_message:
    return intrusive_ptr_release(next.what);
  case caf::resumable::shutdown_execution_unit:
    return;
  }
}

/// For the report: CAF does not tell an actor's requests from whom their answers will come.
void simulated_scheduler::note_request(caf::scheduled_actor& to) {
  constexpr std::size_t noted_max = 1000;
  const caf::mailbox_element* const first = to.peek_at_next_mailbox_element();
  if (first == nullptr || !first->mid.is_request() || first->sender == nullptr)
    return;
  if (requests_.size() == noted_max) // most have their answer
    requests_.clear();
  requests_[{first->sender->id(), first->mid.response_id()}] = to.id();
}

void simulated_scheduler::kill_all() {
  constexpr int rounds_max = 1000; // of actors that start others when they end
  for (int round = 0; !actors_.empty(); ++round) {
    TROUPE_ASSERT(round != rounds_max, "CAF actors that are killed start others for ever");
    for (const auto& [id, address] : std::exchange(actors_, {}))
      if (const auto actor = caf::actor_cast<caf::strong_actor_ptr>(address); actor != nullptr)
        kill(static_cast<caf::scheduled_actor&>(*actor->get()));
    for (const job& each : std::exchange(ready_, {}))
      intrusive_ptr_release(each.what);
  }
}

void simulated_scheduler::kill(caf::scheduled_actor& ended) {
  // Not by a message: an actor that awaits an answer would not look at it.
  ended.context(&unit_);
  ended.quit(caf::exit_reason::kill);
  if (!ended.finalize()) // its streams keep it
    ended.cleanup(caf::exit_reason::kill, &unit_);
}

std::string simulated_scheduler::name_of(caf::actor_id of) const {
  const auto known = actors_.find(of);
  const auto held = known != actors_.end() ? caf::actor_cast<caf::strong_actor_ptr>(known->second) : nullptr;
  if (held == nullptr)
    return "#" + std::to_string(of) + ", which has ended";
  return std::string(static_cast<caf::scheduled_actor&>(*held->get()).name()) + " #" + std::to_string(of);
}

std::string simulated_scheduler::report() const {
  std::string lines;
  for (const auto& [id, address] : actors_) {
    const auto held = caf::actor_cast<caf::strong_actor_ptr>(address);
    if (held == nullptr)
      continue;
    auto& actor = static_cast<caf::scheduled_actor&>(*held->get());
    lines += "  CAF's actor " + name_of(id) + " waits for ";
    const std::vector<caf::message_id> answers = inside::requests(actor);
    for (const caf::message_id& each : answers) {
      lines += &each == &answers.front() ? "the answer" : ", and the answer";
      if (const auto to = requests_.find({id, each}); to != requests_.end())
        lines += " of " + name_of(to->second);
    }
    if (answers.empty())
      lines += "messages";
    else if (inside::looks_at_nothing_else(actor))
      lines += ", and looks at nothing else";
    lines += '\n';
  }
  return lines;
}

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
        scheduler().is_over(awaited::end_of_actors),
        "a CAF actor is left at the end of its simulation: one that was never sent anything, a scoped_actor or "
        "an actor_companion, to which somebody still has a handle");
  }

  caf::actor_system& system() noexcept { return *system_; }
  simulated_scheduler& scheduler() noexcept { return static_cast<simulated_scheduler&>(system_->scheduler()); }

private:
  caf::actor_system_config config_;
  std::optional<caf::actor_system> system_;
};

class caf_wait {
public:
  caf_wait(simulated_scheduler& of, awaited until, fiber::wait_kind kind) noexcept
      : of_(of), until_(until), kind_(kind) {}
  ~caf_wait() { of_.wait(nullptr, awaited::nothing); }
  caf_wait(const caf_wait&) = delete;
  caf_wait& operator=(const caf_wait&) = delete;

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) {
    if (kind_ != fiber::wait_kind::shielded && self_->stop_pending())
      return self_->stop();
    if (of_.is_over(until_))
      return self_->yield();
    if (!self_->open_wait(kind_, until_ == awaited::end_of_actors ? "see CAF's actors end" : "see abandoned fibers end",
                          nullptr))
      return self_->stop();
    of_.wait(self_, until_);
    self_->park();
  }
  void await_resume() const noexcept {}

private:
  simulated_scheduler& of_;
  const awaited until_;
  const fiber::wait_kind kind_;
  fiber* self_ = nullptr;
};

task<> live(simulated_caf& in, std::function<task<>(caf::actor_system&)> body) {
  co_await body(in.system());
  co_await caf_wait{in.scheduler(), awaited::end_of_actors, fiber::wait_kind::plain};
}

} // namespace

task<> live_with_simulated_caf(std::function<task<>(caf::actor_system&)> body) {
  fiber& self = co_await current_fiber{};
  auto* const in = dynamic_cast<simulator*>(&self.runs_on());
  TROUPE_ASSERT(in != nullptr, "in_caf_simulation() was called outside of a simulator: a runtime has its actor system");
  auto caf = std::make_unique<simulated_caf>(*in);
  const outcome<> ended = co_await catch_stop(live(*caf, std::move(body)));
  caf->scheduler().kill_all();
  // As a runtime does: they may hold what came from the system.
  co_await caf_wait{caf->scheduler(), awaited::end_of_abandoned_fibers, fiber::wait_kind::shielded};
  caf->scheduler().kill_all();
  caf.reset();
  if (ended.cancelled())
    co_await continue_stop{};
  if (ended.has_error())
    std::rethrow_exception(ended.error());
}

} // namespace troupe::detail
