#include <troupe/scope/fault_point.hpp>
#include <troupe/scope/fiber.hpp>

#include <cxxabi.h>
#include <utility>
#include <vector>

namespace troupe {

namespace {

// Read only through the functions below, which are never inlined into a coroutine: a coroutine may go on on another
// thread, and a compiler may keep the address of a thread_local over the suspension.
constinit thread_local fiber* current = nullptr;
constinit thread_local detail::thread_marks marks;
void schedule_each(fiber& first) noexcept {
  for (fiber* woken = &first; woken != nullptr;) {
    fiber* const next = woken->next_in_queue; // read first: scheduled, it belongs to somebody else
    woken->runs_on().schedule(*woken);
    woken = next;
  }
}

/// Of a fiber in its end: never calm, so that it notes nothing that nobody would tell any more.
constinit detail::thread_marks marks_at_the_end{detail::ending::failed, 0, nullptr, {}};

/// The Itanium C++ ABI, 2.2.2: what `__cxa_get_globals` points to begins like this. `std::uncaught_exceptions()` reads
/// the same number, by two calls into two libraries: too much for each item of a mailbox.
struct exception_globals {
  void* caught;
  unsigned uncaught;
};

[[gnu::noinline]] detail::thread_marks& marks_here() noexcept {
  if (marks.uncaught == nullptr)
    marks.uncaught = &reinterpret_cast<const exception_globals*>(abi::__cxa_get_globals())->uncaught;
  return marks;
}

} // namespace

void executor::schedule_all(fiber& first, fiber&, std::uint32_t) noexcept { schedule_each(first); }

namespace this_fiber {

[[gnu::noinline]] fiber* pointer() noexcept { return current; }
bool stopping() noexcept { return detail::frames_ending() == detail::ending::stopped; }
bool stop_requested() noexcept {
  const fiber* self = pointer();
  return self != nullptr && self->stop_pending();
}

} // namespace this_fiber

namespace detail {

[[gnu::noinline]] ending frames_ending() noexcept { return marks.ending_now; }
[[gnu::noinline]] std::atomic<coarse_time>& time_on_this_thread() noexcept { return marks.time; }
[[gnu::noinline]] ending_marked::ending_marked(ending as) noexcept : before_(std::exchange(marks.ending_now, as)) {}
[[gnu::noinline]] ending_marked::~ending_marked() { marks.ending_now = before_; }

void wakeups::add(fiber& woken) noexcept {
  woken.next_in_queue = nullptr;
  if (last_ != nullptr) {
    last_->next_in_queue = &woken;
    one_executor_ = one_executor_ && &last_->runs_on() == &woken.runs_on();
  } else {
    first_ = &woken;
  }
  last_ = &woken;
  ++count_;
}

void wakeups::flush_all() noexcept {
  fiber& first = *std::exchange(first_, nullptr);
  fiber& last = *std::exchange(last_, nullptr);
  const std::uint32_t count = std::exchange(count_, 0u);
  if (count == 1)
    first.runs_on().schedule(first);
  else if (std::exchange(one_executor_, true))
    first.runs_on().schedule_all(first, last, count);
  else
    schedule_each(first);
}

} // namespace detail

fiber::fiber(executor& runs_on, cancel_scope* outer) noexcept
    : executor_(runs_on), number_(runs_on.next_number()), innermost_(&root_scope_),
      root_scope_(cancel_scope::root_tag{}, *this, outer) {}

std::string fiber::path() const {
  std::string path = path_below(nullptr);
  return path.empty() ? "/" : path;
}

std::string fiber::path_below(const fiber* top) const {
  std::vector<const fiber*> from_here; // from the top on afterwards: a tree may be deeper than a stack
  for (const fiber* at = this; at != top && at->root_scope_.outer_ != nullptr; at = &at->root_scope_.outer_->fiber_)
    from_here.push_back(at);
  std::string path;
  for (; !from_here.empty(); from_here.pop_back())
    (path += '/') += from_here.back()->path_part();
  return path;
}

std::size_t fiber::groups_around(const cancel_scope& group) noexcept {
  std::size_t count = 0;
  for (const cancel_scope* outer = group.outer_; outer != nullptr && &outer->fiber_ == &group.fiber_;
       outer = outer->outer_)
    count += outer->role_ == cancel_scope::role::group ? 1 : 0;
  return count;
}

std::string fiber::path_part() const {
  std::string part;
  if (const std::size_t around = groups_around(*root_scope_.outer_); around != 0)
    part = std::to_string(around) + ':';
  return part += name().empty() ? std::to_string(start_index_) : std::string(name());
}

bool fiber::open_wait(wait_kind kind, const char* what, const detail::waitable* object) noexcept {
  const bool is_shielded = kind == wait_kind::shielded;
  // relaxed: read for reports only
  waits_how_.store(kind, std::memory_order_relaxed);
  waits_to_.store(what, std::memory_order_relaxed);
  waits_on_.store(object, std::memory_order_relaxed);
  waits_on_number_.store(object != nullptr ? object->number() : 0, std::memory_order_relaxed);
  waits_since_.store(about_now(), std::memory_order_relaxed);
  // seq_cst exchange: a full barrier between opening the wait and looking at stop_. stop_wait() stores stop_ before it
  // reads word_: either it sees the open wait, or we see the stop.
  word_.exchange(is_shielded ? word{open | shielded} : open, std::memory_order_seq_cst);
  const bool opened = is_shielded || !stop_.load(std::memory_order_seq_cst);
  if (!opened) {
    word seen = open;
    if (word_.compare_exchange_strong(seen, running, std::memory_order_acq_rel))
      return false;
    // Else the cancel has it (see stop()), and tells that it has stopped this wait: so it has begun.
  }
  if (executor_.tells_of_fibers()) [[unlikely]]
    tell_wait_begun();
  return opened;
}

[[gnu::cold]] void fiber::tell_wait_begun() const noexcept {
  executor_.emit(event_kind::wait_begun, waited_on(), number(), executor_.tells_details() ? wait_line(waits_to()) : 0,
                 static_cast<std::uint32_t>(waits_how()));
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
  if (executor_.tells_of_fibers()) {
    const fiber* by = this_fiber::pointer();
    executor_.emit(verdict == granted ? event_kind::wait_granted : event_kind::wait_stopped,
                   waits_on_number_.load(std::memory_order_relaxed), number(), by != nullptr ? by->number() : 0);
  }
  woken.add(*this);
  return true;
}

void fiber::stop_wait(detail::wakeups& woken) noexcept {
  stop_.store(true, std::memory_order_seq_cst); // see open_wait()
  decide(stopped, woken);
}

void fiber::suffer(harm what) noexcept {
  harm_ = what;
  stop_.store(is_to_suffer() || innermost_->stopping(), std::memory_order_seq_cst); // looked at by its next wait
}

void fiber::runs_code(code whose) noexcept {
  const bool was_in_a_run = std::exchange(whose_code_, whose) == code::of_users && begun_run_;
  begun_run_ = whose == code::of_users;
  if (harm_ == harm::none) [[likely]]
    return;
  // What was to fail in a run fails in it or not at all; before its first one it waits for that.
  suffer(was_in_a_run || whose == code::of_library ? harm::none : harm_);
}

bool fiber::cleans_up() const noexcept {
  for (const cancel_scope* scope = innermost_; scope != nullptr && scope->role_ != cancel_scope::role::incarnation;
       scope = scope->outer_in_fiber())
    if (scope->role_ == cancel_scope::role::limited && scope->shielding_ == cancel_scope::shielding::cleanup)
      return true;
  return false;
}

void fiber::suffer_now() {
  const harm what = std::exchange(harm_, harm::none);
  const bool stopping = innermost_->stopping();
  stop_.store(stopping, std::memory_order_seq_cst);
  if (stopping)
    return stop();
  executor_.emit(event_kind::fault_injected, static_cast<std::uint64_t>(what), number(), 0);
  if (what == harm::crash)
    throw injected_fault{"a wait of " + path()};
  static_cast<void>(open_wait(wait_kind::plain, "hang, as a test wants", nullptr)); // opens: it is not stopping
  park();
}

void fiber::note_for(detail::books& of) noexcept {
  if (thread_->now.noted_for == &of)
    return;
  tell_books();
  thread_->now.noted_for = &of;
}

void fiber::tell_noted() noexcept {
  detail::thread_marks::slice& now = thread_->now;
  detail::books& told = *std::exchange(now.noted_for, nullptr);
  told.bring_up_to_date(std::exchange(now.noted_settled, 0u), std::exchange(now.noted_taken, false));
}

void fiber::arrive() noexcept {
  // acquire: pairs with leave_thread(): the fiber's frames are whole
  while (on_thread_.load(std::memory_order_acquire))
    [[unlikely]] detail::relax_or_yield();
  on_thread_.store(true, std::memory_order_relaxed); // relaxed: read by who was woken after this run has opened a wait
}

void fiber::leave_thread() noexcept {
  tell_books();
  current = nullptr;
  on_thread_.store(false, std::memory_order_release); // pairs with arrive(). From here on we may be gone
}

void fiber::tell_stop() const noexcept {
  if (!executor_.tells_details()) [[likely]]
    return;
  const cancel_scope& by = *innermost_->stopped_by_.load(std::memory_order_acquire); // acquire: as in stopping()
  executor_.emit(event_kind::stop_taken, by.fiber_.number(), number(), 0, by.place());
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
  TROUPE_ASSERT(current == nullptr,
                "an executor ran a fiber inside of another one: it must run them from a loop of its own");
  arrive();
  current = this;
  thread_ = &marks_here();
  thread_->now.operations_left = executor_.operations_per_slice();
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
      leaf_->handle().resume();
      now = next_;
      continue;
    case step::park:
      leave_thread();
      return;
    case step::yield: {
      executor& runs_next = executor_;
      leave_thread();
      runs_next.schedule_last(*this); // nobody else has us, so we are still there
      return;
    }
    case step::stop:
      // acquire: pairs with stop_wait(). stop_pending() looks relaxed, and the cause of the stop is read from here on.
      static_cast<void>(stop_.load(std::memory_order_acquire));
      innermost_->await_marks();
      tell_stop();
      if (walk()) {
        now = step::resume;
        continue;
      }
      cancelled = true;
      [[fallthrough]];
    case step::end:
      ended_ = true;
      tell_books();
      thread_ = &marks_at_the_end;
      end(cancelled);
      current = nullptr;
      return;
    }
  }
}

} // namespace troupe
