#include <troupe/scope/carriers.hpp>
#include <troupe/scope/fiber.hpp>

#include <algorithm>
#include <optional>
#include <unistd.h>
#include <utility>

namespace troupe {

namespace {

// Not read in coroutines, and a carrier stays on its thread for a turn.
constinit thread_local carrier* on_this_thread = nullptr;
constinit thread_local int number_of_this_thread = 0;

} // namespace

carrier* carrier::here() noexcept { return on_this_thread; }

bool carrier::work() noexcept {
  on_this_thread = this;
  const instant began = carrier_pool::real_time();
  std::atomic<detail::coarse_time>& noted = detail::time_on_this_thread();
  noted.store(detail::coarse(began), std::memory_order_relaxed); // relaxed, all: only a number
  noted_.store(&noted, std::memory_order_release);               // pairs with carrier_pool::note_time()
  if (number_of_this_thread == 0)
    number_of_this_thread = ::gettid();
  thread_.store(number_of_this_thread, std::memory_order_relaxed);
  poll_between_turns(began);
  fiber* ready = next();
  // relaxed: only this carrier makes or unmakes itself the watcher, or whoever brought it, before it did
  if (ready != nullptr && pool_.watcher_.load(std::memory_order_relaxed) == this)
    pool_.resign();
  else if (ready != nullptr && lets_wait(began)) // who pushed the rest may have seen us at home, or watching
    pool_.look_for_watcher();
  int until_clock_read = runs_between_clock_reads_;
  for (int runs = 1;; ++runs) {
    if (ready == nullptr) {
      running_.store(nullptr, std::memory_order_relaxed); // before others may work on this carrier
      const carrier_pool::found looked = pool_.idle(*this);
      if (looked.ready == nullptr) {
        on_this_thread = nullptr;
        return looked.come_back; // false: another thread may already be here
      }
      ready = looked.ready;
    }
    ready->last_run_on = static_cast<std::uint16_t>(index_ + 1);
    running_.store(ready, std::memory_order_relaxed);
    // Only this thread writes it. release: pairs with carrier_pool::sample()
    runs_.store(runs_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    ready->run();
    if (std::exchange(slice_ended_, false) || --until_clock_read == 0) {
      const instant now = carrier_pool::real_time();
      if (const duration took = now - began; took >= carrier_policy::turn) {
        note_turn(runs, took);
        break;
      }
      noted.store(detail::coarse(now), std::memory_order_relaxed);
      until_clock_read = runs_between_clock_reads_ =
          std::min(2 * runs_between_clock_reads_, carrier_policy::runs_between_clock_reads_max);
    }
    ready = next();
  }
  running_.store(nullptr, std::memory_order_relaxed); // whoever shares the thread has its turn
  on_this_thread = nullptr;
  return true;
}

/// How many runs the next turn may take at first before it looks at the clock, if they are like those of this one.
void carrier::note_turn(int runs, duration took) noexcept {
  const auto in_a_turn = runs * carrier_policy::turn / took;
  runs_between_clock_reads_ =
      static_cast<int>(std::clamp<duration::rep>(in_a_turn, 1, carrier_policy::runs_between_clock_reads_max));
}

void carrier::push(fiber& last) noexcept {
  last.next_in_queue = nullptr;
  push_all(last, last, 1);
}

void carrier::push_all(fiber& first, fiber& last, std::uint32_t count) noexcept {
  lock_.lock();
  append(first, last, count);
  lock_.unlock();
}

/// Under the lock.
void carrier::append(fiber& first, fiber& last, std::uint32_t count) noexcept {
  (last_ != nullptr ? last_->next_in_queue : first_) = &first;
  last_ = &last;
  pushed_.store(pushed_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

fiber* carrier::pop() noexcept {
  if (length() == 0)
    return nullptr;
  lock_.lock();
  fiber* const first = first_;
  if (first != nullptr) { // else the watcher was faster
    first_ = first->next_in_queue;
    if (first_ == nullptr)
      last_ = nullptr;
    popped_.store(popped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  lock_.unlock();
  return first;
}

void carrier::hand_off(fiber& woken) noexcept {
  // A plain store where it is empty, because nobody else fills it. release: pairs with take_handed() of the watcher.
  if (handed_.load(std::memory_order_relaxed) == nullptr)
    handed_.store(&woken, std::memory_order_release);
  else if (fiber* const displaced = handed_.exchange(&woken, std::memory_order_acq_rel); displaced != nullptr)
    push(*displaced);
}

fiber* carrier::take_handed() noexcept {
  if (handed_.load(std::memory_order_relaxed) == nullptr)
    return nullptr;
  return handed_.exchange(nullptr, std::memory_order_acq_rel); // acquire: pairs with hand_off()
}

fiber* carrier::next() noexcept {
  if (handoffs_in_a_row_ < carrier_policy::handoffs_in_a_row_max || length() == 0) {
    if (fiber* const woken = take_handed(); woken != nullptr) {
      handoffs_in_a_row_ = std::min(handoffs_in_a_row_ + 1, carrier_policy::handoffs_in_a_row_max);
      return woken;
    }
  }
  handoffs_in_a_row_ = 0;
  if (fiber* const first = pop(); first != nullptr)
    return first;
  return take_handed();
}

/// For the watcher: from here on `runs_` that does not move is a fiber that holds its core.
void carrier::note_run(instant now) noexcept {
  // relaxed: hints; steal() takes the lock
  seen_.runs = runs_.load(std::memory_order_relaxed);
  seen_.pushed_at_run = pushed_.load(std::memory_order_relaxed);
  seen_.handed_at_run = handed_.load(std::memory_order_relaxed);
  seen_.runs_at = now;
}

void carrier::note_queue(instant now) noexcept {
  seen_.queued_up_to = pushed_.load(std::memory_order_relaxed); // relaxed: as above
  seen_.queued_at = now;
}

bool carrier::nap(place where, duration at_most) noexcept {
  state_.store(state::napping, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst); // pairs with the one in rouse(): we see the push, or it sees us
  bool napped = true;
  if (length() == 0 && !pool_.stopping_.load(std::memory_order_seq_cst)) {
    if (where == place::poll) {
      napped = nap_in_poll(at_most);
    } else {
      std::unique_lock held{nap_mutex_};
      // relaxed: written before wake_from_nap() takes the mutex
      nap_over_.wait_for(held, at_most, [this] { return state_.load(std::memory_order_relaxed) != state::napping; });
    }
  }
  state expected = state::napping;
  state_.compare_exchange_strong(expected, state::running, std::memory_order_seq_cst); // or the rouser has done it
  return napped;
}

/// Wakes who waits for a socket, if nobody has looked for a while.
void carrier::poll_between_turns(instant now) noexcept {
  detail::polling& all = pool_.polling_;
  if (!all.is_started() || all.unpolled_for(now) < carrier_policy::unpolled_max)
    return;
  if (detail::polling::turn mine{all}; mine)
    poll(mine, duration::zero());
}

/// What this wakes calls no watcher: see lets_wait().
void carrier::poll(detail::polling::turn& by, duration at_most) noexcept {
  polls_ = true;
  by.poll(at_most);
  polls_ = false;
}

/// A second carrier should take some of what waits. Where there are sockets: since some of it has waited for long.
bool carrier::lets_wait(instant now) noexcept {
  if (length() == 0 || !pool_.polling_.is_started())
    return length() != 0;
  // relaxed, all: hints; steal() takes the lock
  if (static_cast<std::int32_t>(popped_.load(std::memory_order_relaxed) - waiting_up_to_) >= 0) {
    waiting_up_to_ = pushed_.load(std::memory_order_relaxed);
    waiting_since_ = now;
  }
  if (now - waiting_since_ <= carrier_policy::patience)
    return false;
  offered_up_to_.store(pushed_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  return true;
}

/// False: somebody else polls, or there is nothing to be polled.
bool carrier::nap_in_poll(duration at_most) noexcept {
  constexpr int tries_max = 100; // some microseconds
  std::optional<detail::polling::turn> mine;
  // Who looks shortly now goes home then, and nobody would look for as long as we nap.
  for (int tries = 0; !mine.emplace(pool_.polling_) && pool_.polling_.is_taken_shortly() && tries < tries_max; ++tries)
    detail::cpu_relax();
  if (!*mine)
    return false;
  // seq_cst: who wakes us has changed the state before it reads this; we write this before we read the state.
  naps_in_poll_.store(true, std::memory_order_seq_cst);
  if (state_.load(std::memory_order_seq_cst) == state::napping)
    poll(*mine, at_most);
  naps_in_poll_.store(false, std::memory_order_relaxed); // who reads it too early ends a poll in vain
  return true;
}

void carrier::wake_from_nap() noexcept {
  if (naps_in_poll_.load(std::memory_order_seq_cst)) // else it looks at the state before it polls
    return pool_.polling_.interrupt();
  { const std::lock_guard held{nap_mutex_}; } // it is before its look at the state, or asleep
  nap_over_.notify_one();
}

} // namespace troupe
