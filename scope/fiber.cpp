#include <troupe/scope/fiber.hpp>

#include <utility>

namespace troupe {

namespace {

// Read only through the functions below, which are never inlined into a coroutine: a coroutine may go on on another
// thread, and a compiler may keep the address of a thread_local over the suspension.
constinit thread_local fiber* current = nullptr;
constinit thread_local detail::ending ending_now = detail::ending::normal;

} // namespace

namespace this_fiber {

[[gnu::noinline]] fiber* pointer() noexcept { return current; }
bool stopping() noexcept { return detail::frames_ending() == detail::ending::stopped; }
bool stop_requested() noexcept {
  const fiber* self = pointer();
  return self != nullptr && self->stop_pending();
}

} // namespace this_fiber

namespace detail {

[[gnu::noinline]] ending frames_ending() noexcept { return ending_now; }
[[gnu::noinline]] ending_marked::ending_marked(ending as) noexcept : before_(std::exchange(ending_now, as)) {}
[[gnu::noinline]] ending_marked::~ending_marked() { ending_now = before_; }

void wakeups::add(fiber& woken) noexcept {
  woken.next_in_queue = nullptr;
  if (last_ != nullptr)
    last_->next_in_queue = &woken;
  else
    first_ = &woken;
  last_ = &woken;
}

void wakeups::flush_all() noexcept {
  fiber* woken = std::exchange(first_, nullptr);
  last_ = nullptr;
  while (woken != nullptr) {
    fiber* next = woken->next_in_queue; // read first: scheduled, it belongs to somebody else
    woken->runs_on().schedule(*woken);
    woken = next;
  }
}

} // namespace detail

fiber::fiber(executor& runs_on, cancel_scope* outer) noexcept
    : executor_(runs_on), number_(runs_on.next_number()), innermost_(&root_scope_),
      root_scope_(cancel_scope::root_tag{}, *this, outer) {}

std::string fiber::path() const {
  if (root_scope_.outer_ == nullptr)
    return "/";
  std::string path = root_scope_.outer_->fiber_.path();
  if (path.size() > 1)
    path += '/';
  return path += std::to_string(start_index_);
}

bool fiber::open_wait(wait_kind kind, const char* what, const detail::waitable* object) noexcept {
  const bool is_shielded = kind == wait_kind::shielded;
  // relaxed: read for reports only
  waits_how_.store(kind, std::memory_order_relaxed);
  waits_to_.store(what, std::memory_order_relaxed);
  waits_on_.store(object, std::memory_order_relaxed);
  waits_on_number_.store(object != nullptr ? object->number() : 0, std::memory_order_relaxed);
  // seq_cst exchange: a full barrier between opening the wait and looking at stop_. stop_wait() stores stop_ before it
  // reads word_: either it sees the open wait, or we see the stop.
  word_.exchange(is_shielded ? word{open | shielded} : open, std::memory_order_seq_cst);
  if (!is_shielded && stop_.load(std::memory_order_seq_cst)) {
    word_.store(running, std::memory_order_relaxed); // decided early or not: nobody was told of the wait but us
    return false;
  }
  if (executor_.sink() != nullptr)
    executor_.emit(event_kind::wait_begun, waits_on_number_.load(std::memory_order_relaxed), number_, 0);
  return true;
}

bool fiber::decide(word verdict, detail::wakeups& woken) noexcept {
  word seen = word_.load(std::memory_order_acquire);
  for (;;) {
    if ((seen & open) == 0 || (verdict == stopped && (seen & shielded) != 0))
      return false;
    // acq_rel: what the fiber wrote before it waited is ours to use, what we wrote is its to use
    if (word_.compare_exchange_weak(seen, verdict, std::memory_order_acq_rel, std::memory_order_acquire))
      break;
  }
  if (executor_.sink() != nullptr) {
    const fiber* by = this_fiber::pointer();
    executor_.emit(verdict == granted ? event_kind::wait_granted : event_kind::wait_stopped,
                   waits_on_number_.load(std::memory_order_relaxed), number_, by != nullptr ? by->number_ : 0);
  }
  if ((seen & parked) != 0)
    woken.add(*this); // else it is still on its thread and finds the verdict when it wants to leave
  return true;
}

void fiber::stop_wait(detail::wakeups& woken) noexcept {
  stop_.store(true, std::memory_order_seq_cst); // see open_wait()
  decide(stopped, woken);
}

bool fiber::leave_thread() noexcept {
  word seen = word_.load(std::memory_order_relaxed);
  while ((seen & open) != 0)
    // release: the fiber's frames are whole for whoever runs it next; acquire: see decide()
    if (word_.compare_exchange_weak(seen, word(seen | parked), std::memory_order_acq_rel, std::memory_order_acquire))
      return true;
  std::atomic_thread_fence(std::memory_order_acquire);
  return false;
}

bool fiber::walk() noexcept {
  const detail::ending_marked marked{detail::ending::stopped};
  while (leaf_ != nullptr) {
    detail::frame& doomed = *leaf_;
    bool* const station = doomed.station;
    leaf_ = doomed.awaiter;
    const std::coroutine_handle<> handle = std::exchange(*doomed.owner, nullptr);
    try {
      handle.destroy();
    } catch (...) {
      TROUPE_ASSERT(false, "a destructor threw while its fiber was being stopped: destructors must not throw then "
                           "(ask troupe::this_fiber::stopping())");
    }
    if (station != nullptr) {
      *station = true;
      break;
    }
  }
  return leaf_ != nullptr;
}

void fiber::run() noexcept {
  fiber* const previous = std::exchange(current, this);
  operations_left_ = executor_.operations_per_slice();
  decided_early_ = false;
  // relaxed: the executor's queue ordered us behind whoever decided
  step now = (word_.load(std::memory_order_relaxed) & stopped) != 0 ? step::stop : step::resume;
  word_.store(running, std::memory_order_relaxed);
  if (!begun_) {
    begun_ = true;
    leaf_ = begin();
    if (leaf_ == nullptr)
      now = step::end;
  }
  bool cancelled = false;
  for (;;) {
    switch (now) {
    case step::resume:
      next_ = step::resume;
      leaf_->handle.resume();
      now = next_;
      continue;
    case step::park:
      if (leave_thread()) { // from here on somebody else may run us, or we may be gone
        current = previous;
        return;
      }
      now = (word_.load(std::memory_order_relaxed) & stopped) != 0 ? step::stop : step::resume;
      word_.store(running, std::memory_order_relaxed);
      decided_early_ = true;
      continue;
    case step::yield:
      current = previous;
      executor_.schedule_last(*this);
      return;
    case step::stop:
      // acquire: pairs with stop_wait(). stop_pending() looks relaxed, and the cause of the stop is read from here on.
      static_cast<void>(stop_.load(std::memory_order_acquire));
      innermost_->await_marks();
      if (walk()) {
        now = step::resume;
        continue;
      }
      cancelled = true;
      [[fallthrough]];
    case step::end:
      ended_ = true;
      end(cancelled);
      current = previous;
      return;
    }
  }
}

} // namespace troupe
