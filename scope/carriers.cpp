#include <troupe/scope/assert.hpp>
#include <troupe/scope/carriers.hpp>
#include <troupe/scope/fiber.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

carrier_pool::carrier_pool(time_source& time, event_sink* sink, std::size_t carriers)
    : executor(time, sink), home_(static_cast<int>(carriers)) {
  TROUPE_ASSERT(carriers > 0 && carriers < UINT16_MAX, "a carrier_pool has between one and 65,534 carriers");
  carriers_.reserve(carriers);
  for (std::size_t index = 0; index < carriers; ++index)
    carriers_.push_back(std::make_unique<carrier>(*this, index));
}

carrier_pool::~carrier_pool() {
  for (const std::unique_ptr<carrier>& left : carriers_)
    TROUPE_ASSERT(left->length() == 0 && left->handed_.load(std::memory_order_relaxed) == nullptr,
                  "an executor went away with ready fibers: its roots must have ended");
}

// Not the executor's clock: that may be any.
instant carrier_pool::real_time() noexcept { return std::chrono::steady_clock::now(); }

void carrier_pool::schedule(fiber& ready) noexcept {
  carrier* const me = carrier::here();
  if (me != nullptr && &me->pool_ == this) {
    me->hand_off(ready);
    if (!me->polls_) // see carrier::poll()
      look_for_watcher();
    return;
  }
  TROUPE_ASSERT(!stopping_.load(std::memory_order_relaxed),
                "a fiber was started or woken on an executor that has been stopped");
  const std::size_t index = ready.last_run_on != 0
                                ? ready.last_run_on - std::size_t{1}
                                : next_from_outside_.fetch_add(1, std::memory_order_relaxed) % carriers_.size();
  carrier& to = *carriers_[index];
  to.push(ready);
  rouse(to);
}

void carrier_pool::schedule_all(fiber& first, fiber& last, std::uint32_t count) noexcept {
  carrier* const me = carrier::here();
  if (me == nullptr || &me->pool_ != this)
    return executor::schedule_all(first, last, count); // each to its own carrier
  fiber& second = *first.next_in_queue;
  me->hand_off(first);
  me->push_all(second, last, count - 1);
  if (!me->polls_)
    look_for_watcher();
}

void carrier_pool::schedule_last(fiber& ready) noexcept {
  carrier* const me = carrier::here();
  TROUPE_ASSERT(me != nullptr && &me->pool_ == this,
                "schedule_last() is for the fiber that runs on this thread: call schedule()");
  me->push(ready);
  me->slice_ended_ = true;
}

void carrier_pool::stop() noexcept {
  end_services(); // whose last word may be to wake a fiber
  stopping_.store(true, std::memory_order_seq_cst);
  for (const std::unique_ptr<carrier>& asleep : carriers_) {
    carrier::state seen = carrier::state::napping;
    if (asleep->state_.compare_exchange_strong(seen, carrier::state::running, std::memory_order_seq_cst))
      asleep->wake_from_nap();
  }
  // seq_cst: a carrier counts itself home, then reads stopping_; we wrote that before we read the count.
  for (int home = home_.load(); home != static_cast<int>(carriers_.size()); home = home_.load())
    home_.wait(home);
}

carrier_sample carrier_pool::sample(std::size_t index) const noexcept {
  const carrier& seen = *carriers_[index];
  // acquire: pairs with work(): of this run, or of a later one, whose number the next look sees
  const std::uint32_t runs = seen.runs_.load(std::memory_order_acquire);
  return {runs, seen.running_.load(std::memory_order_relaxed)};
}

int carrier_pool::thread_of(std::size_t index) const noexcept {
  return carriers_[index]->thread_.load(
      std::memory_order_relaxed); // relaxed: it says so itself, after the run it is of
}

void carrier_pool::note_time(std::size_t index) const noexcept {
  // acquire: pairs with carrier::work(), as its thread made what this points to when it began
  if (auto* const noted = carriers_[index]->noted_.load(std::memory_order_acquire); noted != nullptr)
    noted->store(detail::coarse(real_time()), std::memory_order_relaxed); // relaxed: only a number
}

void carrier_pool::wait_busy(const std::atomic<bool>& unless) noexcept {
  awaits_busy_.store(true, std::memory_order_seq_cst);
  // seq_cst: a carrier is counted away, or `unless` is set, before awaits_busy_ is read; we wrote that before we read
  // these.
  if (home_.load(std::memory_order_seq_cst) == static_cast<int>(carriers_.size()) && !unless.load())
    awaits_busy_.wait(true);
  awaits_busy_.store(false, std::memory_order_relaxed); // relaxed: who reads it too early wakes nobody, in vain
}

void carrier_pool::end_wait_busy() noexcept {
  if (!awaits_busy_.load(std::memory_order_seq_cst)) // see wait_busy()
    return;
  awaits_busy_.store(false, std::memory_order_seq_cst);
  awaits_busy_.notify_all();
}

/// A carrier leaves home.
void carrier_pool::count_away() noexcept {
  home_.fetch_sub(1, std::memory_order_seq_cst);
  end_wait_busy();
}

/// After something was put where `with_work` will find it.
void carrier_pool::rouse(carrier& with_work) noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst); // pairs with those in go_home() and nap()
  carrier::state seen = with_work.state_.load(std::memory_order_relaxed);
  if (seen == carrier::state::running) // it looks once more before it leaves that state
    return look_for_watcher();         // but may be long with what it runs now
  if (!with_work.state_.compare_exchange_strong(seen, carrier::state::running, std::memory_order_seq_cst))
    return; // it comes back by itself, or somebody else brings it
  if (seen == carrier::state::napping)
    return with_work.wake_from_nap();
  count_away();
  std::atomic_thread_fence(std::memory_order_seq_cst); // running, for others_run(), before anything it will read
  bring(with_work);
  if (watcher_sees_nobody_.load(std::memory_order_seq_cst)) // its look at the others was before this one ran
    polling_.interrupt();
}

void carrier_pool::look_for_standstill() noexcept {
  for (const std::unique_ptr<carrier>& each : carriers_) {
    // relaxed: hints
    const std::uint32_t runs = each->runs_.load(std::memory_order_relaxed);
    if (std::exchange(each->runs_at_look_, runs) == runs && each->length() != 0)
      look_for_watcher();
  }
}

/// Makes one carrier from home the watcher, if there is none.
void carrier_pool::call_watcher() noexcept {
  for (const std::unique_ptr<carrier>& idle : carriers_) {
    carrier::state seen = carrier::state::home;
    if (idle->state_.load(std::memory_order_relaxed) != seen ||
        !idle->state_.compare_exchange_strong(seen, carrier::state::running, std::memory_order_seq_cst))
      continue;
    count_away();
    // Made the watcher before it runs, so that no second one is called meanwhile.
    carrier* nobody = nullptr;
    watcher_.compare_exchange_strong(nobody, idle.get(), std::memory_order_seq_cst);
    bring(*idle);
    return;
  }
}

/// The carrier has nothing to run: it watches the others, or goes home.
carrier_pool::found carrier_pool::idle(carrier& me) noexcept {
  carrier* watcher = watcher_.load(std::memory_order_relaxed);
  if (watcher == &me ||
      (watcher == nullptr && watcher_.compare_exchange_strong(watcher, &me, std::memory_order_seq_cst)))
    return watch(me);
  return polling_.is_started() ? nap_beside_watcher(me) : found{nullptr, go_home(me)};
}

/// The watcher looks at others, and does not poll.
carrier_pool::found carrier_pool::nap_beside_watcher(carrier& me) noexcept {
  if (stopping_.load(std::memory_order_relaxed) || !me.nap(carrier::place::poll, carrier_policy::linger))
    return {nullptr, go_home(me)};
  note_clock();
  return {me.next(), true};
}

/// The watcher polls while no other carrier runs: then there is nothing to watch, and timers for short naps may cost more
/// than all else that is done for a request. False: somebody else polls, or there is nothing to be polled.
bool carrier_pool::nap_alone(carrier& me) noexcept {
  watcher_sees_nobody_.store(true, std::memory_order_seq_cst); // see rouse()
  const bool napped = me.nap(carrier::place::poll, others_run(me) ? watch_.nap : nap_alone_max());
  watcher_sees_nobody_.store(false, std::memory_order_relaxed); // who reads it too early ends a poll in vain
  return napped;
}

/// After a nap.
void carrier_pool::note_clock() noexcept {
  detail::time_on_this_thread().store(detail::coarse(real_time()), std::memory_order_relaxed); // as in work()
}

// What was noted of the others in an earlier watch stays: a fiber that has not moved since then has waited since then.
void carrier_pool::begin_watch() noexcept {
  const instant now = real_time();
  const duration spins = polling_.is_started() ? carrier_policy::look : carrier_policy::spin;
  watch_ = {true, now + spins, now, carrier_policy::nap_first};
}

void carrier_pool::end_watch() noexcept {
  watch_.begun = false;
  watcher_.store(nullptr, std::memory_order_seq_cst);
}

/// One round of the watch: spins, then naps once.
carrier_pool::found carrier_pool::watch(carrier& me) noexcept {
  constexpr int relaxations = 20; // a look every 100 ns or so
  if (!watch_.begun)
    begin_watch();
  bool active = false;
  instant now;
  do {
    now = real_time();
    fiber* taken = me.next();
    if (taken == nullptr)
      taken = look_around(me, now, active);
    if (taken != nullptr) {
      resign();
      return {taken, true};
    }
    if (!active && polling_.is_started()) // what comes next comes from a socket, or wakes us from the poll
      break;
    for (int i = 0; i < relaxations; ++i)
      detail::cpu_relax();
  } while (now < watch_.spins_until);
  if (active && !polling_.is_started())
    watch_.last_active = now;
  const bool stopping = stopping_.load(std::memory_order_relaxed);
  if (stopping || now - watch_.last_active > carrier_policy::linger) {
    end_watch();
    return {nullptr, go_home(me)};
  }
  if (active || !nap_alone(me))
    me.nap(carrier::place::bed, watch_.nap);
  if (fiber* const woken = polling_.is_started() ? me.next() : nullptr; woken != nullptr) {
    note_clock();
    end_watch(); // one fiber, or a few, whose sockets are ready call no second carrier: see lets_wait()
    return {woken, true};
  }
  watch_.nap = std::min(watch_.nap * 2, carrier_policy::nap_max);
  watch_.spins_until = real_time() + carrier_policy::look;
  return {nullptr, true}; // whoever shares the thread has its turn between two naps
}

/// Gives up the watch because there is work, and calls the next watcher.
void carrier_pool::resign() noexcept {
  end_watch();
  if (home_.load(std::memory_order_seq_cst) > 0) // else who comes home from now on sees that nobody watches
    call_watcher();
}

/// True when the carrier must come back at once: it missed something on the way.
bool carrier_pool::go_home(carrier& me) noexcept {
  me.state_.store(carrier::state::home, std::memory_order_seq_cst);
  home_.fetch_add(1, std::memory_order_seq_cst);
  // Pairs with the one in rouse(): we see the push, or whoever pushed sees us at home and brings us. The same for the
  // watch: we see that nobody has it while others run, or whoever runs or resigns sees that somebody is at home.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const bool stopping = stopping_.load(std::memory_order_seq_cst);
  const bool missed =
      me.length() != 0 || (!stopping && !polling_.is_started() && watcher_.load(std::memory_order_seq_cst) == nullptr &&
                           carriers_.size() > 1 && others_run(me));
  carrier::state seen = carrier::state::home;
  if (missed && me.state_.compare_exchange_strong(seen, carrier::state::running, std::memory_order_seq_cst)) {
    count_away();
    return true;
  }
  if (stopping)
    home_.notify_all();
  polling_.note_home();
  return false;
}

bool carrier_pool::others_run(const carrier& me) const noexcept {
  return std::any_of(carriers_.begin(), carriers_.end(), [&me](const std::unique_ptr<carrier>& other) {
    return other.get() != &me && other->state_.load(std::memory_order_seq_cst) == carrier::state::running;
  });
}

/// One look of the watcher: takes fibers from a carrier that lets them wait.
fiber* carrier_pool::look_around(carrier& me, instant now, bool& others_run) noexcept {
  for (const std::unique_ptr<carrier>& other : carriers_) {
    carrier& from = *other;
    if (&from == &me || from.state_.load(std::memory_order_relaxed) != carrier::state::running)
      continue;
    others_run = true;
    // relaxed: hints; steal() takes the lock
    const std::uint32_t popped = from.popped_.load(std::memory_order_relaxed);
    const auto has_left = [popped](std::uint32_t noted) { return static_cast<std::int32_t>(popped - noted) >= 0; };
    const std::uint32_t offered = from.offered_up_to_.load(std::memory_order_relaxed) - popped; // beyond it: long ago
    bool waits_too_long = offered != 0 && offered <= from.pushed_.load(std::memory_order_relaxed) - popped;
    if (from.runs_.load(std::memory_order_relaxed) != from.seen_.runs) {
      from.note_run(now);
    } else if (now - from.seen_.runs_at >= carrier_policy::core_held_max) {
      fiber* const handed = from.handed_.load(std::memory_order_relaxed);
      if (!has_left(from.seen_.pushed_at_run) || (handed != nullptr && handed == from.seen_.handed_at_run))
        waits_too_long = true;
      else
        from.note_run(now); // what waits now has come later
    }
    if (has_left(from.seen_.queued_up_to))
      from.note_queue(now);
    else if (now - from.seen_.queued_at >= carrier_policy::queued_max)
      waits_too_long = true;
    if (!waits_too_long)
      continue;
    if (fiber* const taken = steal(from, me); taken != nullptr)
      return taken;
  }
  return nullptr;
}

/// Half of a queue, oldest first, or what was handed off if the queue is empty. The first one is for `me` to run.
fiber* carrier_pool::steal(carrier& from, carrier& me) noexcept {
  fiber* first = nullptr;
  fiber* last = nullptr;
  std::uint32_t count = 0;
  from.lock_.lock();
  if (const std::uint32_t length = from.length(); length != 0) {
    count = std::min((length + 1) / 2, carrier_policy::stolen_max);
    first = last = from.first_;
    for (std::uint32_t i = 1; i < count; ++i)
      last = last->next_in_queue;
    from.first_ = last->next_in_queue;
    if (from.first_ == nullptr)
      from.last_ = nullptr;
    last->next_in_queue = nullptr;
    from.popped_.store(from.popped_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  from.lock_.unlock();
  if (first == nullptr)
    first = from.take_handed();
  if (first != nullptr)
    steals_.fetch_add(1, std::memory_order_relaxed);
  if (count > 1) {
    me.lock_.lock();
    me.append(*first->next_in_queue, *last, count - 1);
    me.lock_.unlock();
  }
  return first;
}

} // namespace troupe
