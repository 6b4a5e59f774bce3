#include <troupe/runtime/caf_error.hpp>
#include <troupe/runtime/carriers_on_caf.hpp>
#include <troupe/scope/signals_masked.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <thread>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TROUPE_UNDER_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define TROUPE_UNDER_TSAN 1
#endif

#if defined(TROUPE_UNDER_TSAN)
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace troupe {

namespace {

/// Messages that a plain CAF actor may handle in a row. CAF's default is without a limit: an actor with mail would
/// never let go of its worker.
constexpr std::size_t caf_messages_per_turn = 64;

std::size_t workers_for(std::size_t wanted) noexcept {
  return wanted != 0 ? wanted : std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
}

// The mutex of CAF's queue orders what is before an enqueue and what is after the dequeue. ThreadSanitizer does not see
// it in a library that is not instrumented, so it is told.
void tell_tsan_released([[maybe_unused]] void* handed_over) noexcept {
#if defined(TROUPE_UNDER_TSAN)
  __tsan_release(handed_over);
#endif
}
void tell_tsan_acquired([[maybe_unused]] void* handed_over) noexcept {
#if defined(TROUPE_UNDER_TSAN)
  __tsan_acquire(handed_over);
#endif
}

} // namespace

/// What CAF sees of a carrier.
///
/// CAF's queue owns a reference of what is in it. These are not counted: the pool owns them, and outlives the actor
/// system.
class carriers_on_caf::job final : public caf::resumable {
public:
  job(caf::actor_system& system, carrier& drained) noexcept : system_(system), carrier_(drained) {}

  /// Always to the end of the one queue. `exec_later` would prepend: the last one woken would starve the rest.
  void enqueue() noexcept {
    tell_tsan_released(this);
    system_.scheduler().enqueue(this);
  }

  // Anything that is no actor: at shutdown CAF casts what says `scheduled_actor`.
  subtype_t subtype() const override { return function_object; }
  // noexcept: a CAF worker has no handler for what is thrown here.
  resume_result resume(caf::execution_unit*, std::size_t) noexcept override {
    tell_tsan_acquired(this);
    while (carrier_.work())
      if (others_wait()) {
        enqueue();
        break;
      }
    // The worker forgets us. Not `resume_later`, which some coordinators put to the front. Nothing of this object is
    // touched any more: another worker may run it already.
    return awaiting_message;
  }
  void intrusive_ptr_add_ref_impl() override {}
  void intrusive_ptr_release_impl() override {}

private:
  using coordinator = caf::scheduler::coordinator<caf::policy::work_sharing>;

  /// Whether anything else wants a worker. Where nothing does, to go to the end of the queue would be to wake a second
  /// worker, and to sleep on this one.
  bool others_wait() const {
    auto& queued = static_cast<coordinator&>(system_.scheduler()).data();
    const std::lock_guard held{queued.lock};
    return !queued.queue.empty();
  }

  caf::actor_system& system_;
  carrier& carrier_;
};

struct carriers_on_caf::caf_side {
  caf::actor_system_config config;
  std::deque<job> jobs; // by the carrier's index; gone after the threads
  std::optional<caf::actor_system> system;
};

carriers_on_caf::carriers_on_caf(time_source& time, std::size_t workers, event_sink* sink,
                                 std::size_t offload_threads_max)
    : carrier_pool(time, sink, workers_for(workers)), offloads_(offload_threads_max),
      caf_(std::make_unique<caf_side>()) {
  caf_->config.set("scheduler.policy", caf::atom("sharing"));
  caf_->config.set("scheduler.max-threads", carriers());
  caf_->config.set("scheduler.max-throughput", caf_messages_per_turn);
  caf_->config.add_error_category(detail::ask_errors, detail::render_ask_error);
  const detail::signals_masked inherited;
  caf_->system.emplace(caf_->config);
  for (std::size_t index = 0; index < carriers(); ++index)
    caf_->jobs.emplace_back(*caf_->system, at(index));
}

carriers_on_caf::~carriers_on_caf() {
  offloads_.stop(); // before the carriers: a function's last word may be to wake a fiber
  stop();           // before ~actor_system: it does not know of our jobs
  caf_->system.reset();
}

caf::actor_system& carriers_on_caf::actor_system() noexcept { return *caf_->system; }

// Where there is one worker only, CAF's actors wait for it.
duration carriers_on_caf::nap_alone_max() const noexcept {
  return carriers() > 1 ? carrier_policy::linger : carrier_policy::nap_max;
}

void carriers_on_caf::bring(carrier& brought) noexcept { caf_->jobs[brought.index()].enqueue(); }

} // namespace troupe
