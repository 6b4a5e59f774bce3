#include <troupe/runtime/caf_simulated_scheduler.hpp>
#include <troupe/scope/assert.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_companion.hpp>
#include <caf/actor_registry.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>

#include <algorithm>

namespace troupe::detail {

namespace {

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

} // namespace

void require_no_thread(bool holds) {
  TROUPE_ASSERT(holds, "CAF has started a thread in a simulation, which runs everything on one: detached and blocking "
                       "actors, and the middleman, cannot be simulated");
}

bool simulated_scheduler::is_over(end_of what) const noexcept {
  return what == end_of::actors ? system_.registry().running() == 0 : simulator_.abandoned_fibers() == 0;
}

void simulated_scheduler::end_wait::await_suspend(std::coroutine_handle<>) {
  if (kind_ != fiber::wait_kind::shielded && self_->stop_pending())
    return self_->stop();
  if (of_.is_over(what_))
    return self_->yield();
  if (!self_->open_wait(kind_, what_ == end_of::actors ? "see CAF's actors end" : "see abandoned fibers end", nullptr))
    return self_->stop();
  of_.waiting_ = this;
  self_->park();
}

void simulated_scheduler::start() {
  // It says nothing: what is written to it is dropped.
  utility_actors_[printer_id] = system_.spawn<caf::actor_companion, caf::hidden>();
}

/// The system itself has told its own actors to end.
void simulated_scheduler::stop() {
  while (!ready_.empty())
    run(0);
  clock_.cancel_all();
}

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
  if (waiting_ != nullptr && is_over(waiting_->what_))
    all.push_back({choice_kind::job, last_look, 0, nullptr, this});
}

void simulated_scheduler::run_step(const choice& picked) {
  if (picked.number == delivery)
    return clock_.deliver();
  if (picked.number == last_look) {
    wakeups woken;
    static_cast<void>(std::exchange(waiting_, nullptr)->self_->grant(woken)); // false: a stop was faster
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

} // namespace troupe::detail
