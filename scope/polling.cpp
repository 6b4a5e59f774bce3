#include <troupe/scope/assert.hpp>
#include <troupe/scope/carriers.hpp>
#include <troupe/scope/polling.hpp>
#include <troupe/scope/signals_masked.hpp>
#include <troupe/scope/steady_time.hpp>

namespace troupe::detail {

namespace {

/// For so long a socket may be ready while no carrier comes to look.
constexpr duration unseen_max = std::chrono::milliseconds{1};

} // namespace

/// Null: it was not taken.
pollable* polling::take() noexcept {
  if (!is_started() || is_taken_.load(std::memory_order_relaxed) ||
      is_taken_.exchange(true, std::memory_order_acquire)) // acquire: pairs with the release below
    return nullptr;
  pollable* const asked =
      asked_.load(std::memory_order_acquire); // pairs with start(); it goes only after its last turn
  if (asked == nullptr)
    is_taken_.store(false, std::memory_order_release);
  return asked;
}

polling::turn::~turn() {
  if (asked_ != nullptr)
    of_.is_taken_.store(false, std::memory_order_release);
}

void polling::turn::poll(duration at_most) noexcept {
  of_.is_blocking_.store(at_most != duration::zero(), std::memory_order_relaxed);
  asked_->poll(at_most);
  of_.is_blocking_.store(false, std::memory_order_relaxed);
  of_.polled_at_.store(steady_time::real_now(), std::memory_order_relaxed);
}

polling::~polling() { TROUPE_ASSERT(!is_started(), "what an executor polls must be stopped before it goes"); }

void polling::start(pollable& asked) {
  TROUPE_ASSERT(!is_started(), "an executor polls one thing");
  stops_.store(false, std::memory_order_relaxed);
  asked_.store(&asked, std::memory_order_release);
  const signals_masked inherited;
  try {
    thread_ = std::thread{[this] { run(); }};
  } catch (...) {
    stop();
    throw;
  }
}

void polling::stop() noexcept {
  pollable* const asked = asked_.load(std::memory_order_relaxed);
  {
    const std::lock_guard held{mutex_};
    stops_.store(true, std::memory_order_seq_cst);
  }
  unparked_.notify_one();
  asked->interrupt(); // the thread, or a carrier, after which the thread has its turn and sees that it is to stop
  if (thread_.joinable())
    thread_.join();
  asked_.store(nullptr, std::memory_order_relaxed);
  while (is_taken_.exchange(true, std::memory_order_acquire)) { // a carrier is in it
    asked->interrupt();
    std::this_thread::yield();
  }
  is_taken_.store(false, std::memory_order_release);
}

void polling::interrupt() noexcept {
  if (pollable* const asked = asked_.load(std::memory_order_relaxed); asked != nullptr)
    asked->interrupt();
}

void polling::unpark() noexcept {
  if (!pool_.all_home())
    return;
  { const std::lock_guard held{mutex_}; } // it is before its look at the carriers, or asleep
  unparked_.notify_one();
}

void polling::run() noexcept {
  std::unique_lock held{mutex_};
  while (!stops_.load(std::memory_order_relaxed)) {
    // seq_cst: a carrier counts itself home before it reads is_parked_; we write that before we read the count.
    is_parked_.store(true, std::memory_order_seq_cst);
    const bool alone = pool_.all_home();
    if (!alone)
      unparked_.wait_for(held, unseen_max);
    is_parked_.store(false, std::memory_order_relaxed);
    held.unlock();
    if (!alone)
      pool_.look_for_standstill();
    if (alone || unpolled_for(steady_time::real_now()) >= unseen_max) {
      // Whoever stops us says so before it interrupts.
      if (turn mine{*this}; mine && !stops_.load(std::memory_order_seq_cst))
        mine.poll(alone ? duration::max() : duration::zero());
    }
    held.lock();
  }
}

} // namespace troupe::detail
