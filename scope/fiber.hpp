// One chain of coroutines that runs on one thread at a time, and the protocol by which it waits.

#pragma once

#include <troupe/scope/cancel_scope.hpp>
#include <troupe/scope/coarse_time.hpp>
#include <troupe/scope/executor.hpp>
#include <troupe/scope/spinlock.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

namespace detail {

/// What every coroutine frame of a fiber has, at the beginning of its promise: the links of the chain from the leaf up.
struct frame {
  /// A frame lies right before its promise, by an ABI that clang and g++ share; so no frame has to keep its handle.
  std::coroutine_handle<> handle() noexcept { return std::coroutine_handle<frame>::from_promise(*this); }

  fiber* runs_on = nullptr;                 // set when the frame is started
  frame* awaiter = nullptr;                 // who awaits this frame; null: the fiber itself
  std::coroutine_handle<>* owner = nullptr; // the handle in the task object, emptied before the frame is destroyed
  bool* station = nullptr;                  // not null: a stop halts here, tells so, and resumes the awaiter
};

/// Why frames, and what they hold, are being destroyed on this thread.
enum class ending : std::uint8_t {
  normal,
  failed,  ///< They ended with an exception.
  stopped, ///< They are stopped, or were not started because of a stop.
};
ending frames_ending() noexcept;

class books;
class snapshot_taker;
class wait_for_graph;

/// What a fiber looks at on its thread, without a call.
struct thread_marks {
  ending ending_now = ending::normal;
  std::atomic<coarse_time> time{0};   ///< See `time_on_this_thread`.
  const unsigned* uncaught = nullptr; ///< The number of exceptions that unwind frames of this thread.
  /// Of the fiber that runs: what only matters until it leaves its thread.
  struct slice {
    int operations_left = 0;
    std::uint32_t noted_settled = 0;
    books* noted_for = nullptr;
    bool noted_taken = false;
  } now;
};

/// Says so while it lives.
class ending_marked {
public:
  explicit ending_marked(ending as) noexcept;
  ~ending_marked();
  ending_marked(const ending_marked&) = delete;
  ending_marked& operator=(const ending_marked&) = delete;

private:
  ending before_;
};

/// Something that fibers wait for, as reports name it.
class waitable {
public:
  /// "mailbox #3 (0 of 100 queued, 2 senders)". Only called while nothing else runs.
  virtual std::string describe() const = 0;
  /// Its number in events.
  virtual std::uint64_t number() const noexcept = 0;
  /// Number (its last digits) of the one fiber without which no wait for it ends as hoped; 0: there is none, or it is
  /// not known.
  virtual std::uint32_t owner() const noexcept { return 0; }

protected:
  ~waitable() = default;
};

/// Books that a fiber brings up to date late: what it notes is told in one go, under one lock instead of one each, at
/// the latest when the fiber leaves its thread.
class books : public waitable {
public:
  /// @param settled  so many more are settled
  /// @param taken    what the fiber took without a lock is to be counted
  virtual void bring_up_to_date(std::uint32_t settled, bool taken) noexcept = 0;

protected:
  ~books() = default;
};

/// Fibers that were granted or stopped under a lock, to be scheduled once it is released.
class wakeups {
public:
  wakeups() = default;
  wakeups(const wakeups&) = delete;
  wakeups& operator=(const wakeups&) = delete;
  ~wakeups() { flush(); }

  bool empty() const noexcept { return first_ == nullptr; }
  void add(fiber& woken) noexcept;
  /// Schedules them, in the order of adding: where all have one executor in one go, however many there are.
  void flush() noexcept {
    if (first_ != nullptr) [[unlikely]]
      flush_all();
  }

private:
  void flush_all() noexcept;

  fiber* first_ = nullptr;
  fiber* last_ = nullptr;
  std::uint32_t count_ = 0;
  bool one_executor_ = true;
};

} // namespace detail

/// A running coroutine chain: what an executor runs and what a wait suspends.
///
/// Its run loop is a trampoline: an awaited task is entered, and a finished one left, by naming the next frame and
/// returning to the loop, so no stack grows. A stop is a walk: the loop destroys frames from the leaf upward, so
/// destructors run in order, until it meets a station, which resumes and decides; nothing is thrown.
///
/// *Each wait ends exactly once.* An operation that must wait calls `open_wait` under the lock of the object it
/// waits on, and puts itself in the object's list. Whoever wins `grant` (under that lock) or the cancel's exchange
/// owns the one wake-up, and schedules the fiber once it has let go of the lock; losers never touch the wait again. The
/// operation leaves the list under the same lock before its frame goes, so nobody ever holds a stale pointer to a
/// fiber. A fiber may be scheduled while it is still on its way off its thread: then whoever runs it next waits those
/// nanoseconds (the idea is the `on_cpu` flag of Linux's scheduler).
class fiber : private detail::waitable {
public:
  fiber(executor& runs_on, cancel_scope* outer) noexcept;
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;

  /// Runs until the fiber waits, yields or ends. After that it may run on another thread, or be gone.
  ///
  /// @pre    no fiber runs on this thread
  /// @thread one of the executor's, one at a time
  void run() noexcept;

  executor& runs_on() const noexcept { return executor_; }
  std::uint64_t number() const noexcept final { return number_; }
  /// Its place in the tree: "/" for a root, "/2/0" for the first child of the root's third, "/2/reader" where it has a
  /// name. In the second of two groups that are open in one fiber it is "/2/1:0", and so on.
  ///
  /// @thread owner, or while its group's owner cannot go on
  std::string path() const;
  /// The part of its path that follows that of `top`, which is above it; empty for itself.
  ///
  /// @thread owner
  std::string path_below(const fiber* top) const;

  cancel_scope& root_scope() noexcept { return root_scope_; }
  cancel_scope& innermost_scope() const noexcept { return *innermost_; }
  /// True when the next wait will stop.
  ///
  /// @thread any
  bool stop_pending() const noexcept {
    return stop_.load(std::memory_order_relaxed); // relaxed: open_wait() looks again behind a full barrier
  }

  /// @name For operations, on the fiber's own thread
  ///@{
  enum class wait_kind : std::uint8_t {
    plain,    ///< A cancel ends it.
    shielded, ///< A cancel stays pending: the wait of a station.
    daemon,   ///< A cancel ends it; idle by nature, so no deadlock when nothing else can run.
  };

  /// Counts one operation; false when the slice is used up and the operation must call `yield()`.
  bool tick() noexcept { return --thread_->now.operations_left > 0; }
  /// Counts several operations at once, which then are not counted one by one.
  bool tick(int operations) noexcept { return (thread_->now.operations_left -= operations) > 0; }
  /// How many operations are left in this slice, at least 1.
  int operations_left() const noexcept { return thread_->now.operations_left > 0 ? thread_->now.operations_left : 1; }
  /// Opens the one wait of this fiber. False: a stop is pending, the wait is not open, the operation must `stop()`.
  ///
  /// @param what  "send", "sleep": for reports, a string literal
  [[nodiscard]] bool open_wait(wait_kind kind, const char* what, const detail::waitable* object) noexcept;
  /// From `await_suspend`: lets others run, then resumes the leaf.
  void yield() noexcept { next_ = step::yield; }
  /// From `await_suspend`: begins the walk; where the cancel that caused it was faster, when the fiber that it has
  /// scheduled is run. Throws where a test wants it to: see `suffer`.
  void stop() {
    if (is_to_suffer()) [[unlikely]]
      return suffer_now();
    next_ = (word_.load(std::memory_order_relaxed) & stopped) != 0 ? step::park : step::stop;
  }
  /// From `await_suspend`, after `open_wait`.
  void park() noexcept { next_ = step::park; }
  /// From `await_suspend`, after `park`, before it throws: nobody who could grant was told of the wait. False: a stop
  /// was faster and has scheduled the fiber, so it must leave as if it waited.
  [[nodiscard]] bool unpark() noexcept {
    if ((word_.exchange(running, std::memory_order_acq_rel) & stopped) != 0) {
      word_.store(stopped, std::memory_order_relaxed); // for run(), which reads it on this or, after us, another thread
      return false;
    }
    executor_.emit(event_kind::wait_taken_back, waited_on(), number_, 0);
    next_ = step::resume;
    return true;
  }
  /// The frame that runs now, or is suspended in a wait.
  detail::frame& leaf() const noexcept { return *leaf_; }
  /// From `await_suspend` of a task: `callee` runs next.
  void enter(detail::frame& callee) noexcept { leaf_ = &callee; }
  /// From the final suspension of `callee`: its awaiter runs next.
  void leave(detail::frame& callee) noexcept {
    leaf_ = callee.awaiter;
    if (leaf_ == nullptr)
      next_ = step::end;
  }
  /// Notes that so many more of `of` are settled.
  void note_settled(detail::books& of, std::uint32_t more = 1) noexcept {
    if (thread_->now.noted_for != &of) [[unlikely]]
      note_for(of);
    thread_->now.noted_settled += more;
  }
  /// Notes that something was taken from `of` without its lock.
  void note_taken(detail::books& of) noexcept {
    if (thread_->now.noted_for != &of || !thread_->now.noted_taken) [[unlikely]] {
      note_for(of);
      thread_->now.noted_taken = true;
    }
  }
  /// For whoever holds the lock of `of` anyway: how many were noted as settled. They are told with this.
  std::uint32_t take_noted(const detail::books& of) noexcept {
    detail::thread_marks::slice& now = thread_->now;
    if (now.noted_for != &of)
      return 0;
    now.noted_for = nullptr;
    now.noted_taken = false;
    return std::exchange(now.noted_settled, 0u);
  }
  /// Tells all that was noted.
  void tell_books() noexcept {
    if (thread_->now.noted_for != nullptr) [[unlikely]]
      tell_noted();
  }
  /// About what time it is, as whoever runs it has noted last.
  detail::coarse_time about_now() const noexcept { return thread_->time.load(std::memory_order_relaxed); }
  /// It reads a mailbox alone, or answers an ask, so others may wait for it; from now on, and on its own thread.
  void be_waited_for() noexcept { is_waited_for_ = true; }
  bool is_waited_for() const noexcept { return is_waited_for_; }
  /// Whose code it runs: a test that harms fibers harms only that of users.
  enum class code : std::uint8_t { of_users, of_users_in_runs, of_library };
  void runs_code(code whose) noexcept;
  code runs_code() const noexcept { return whose_code_; }
  /// True while this fiber's frames neither unwind from an exception nor are destroyed, by a stop or at its end.
  ///
  /// @pre it runs on this thread
  bool calm() const noexcept { return thread_->ending_now == detail::ending::normal && *thread_->uncaught == 0; }
  ///@}

  /// @name For whoever ends a wait, under the lock of the object that is waited for
  ///@{
  /// Tries to win the wait; on success the caller hands over what was waited for before it flushes `woken`.
  [[nodiscard]] bool grant(detail::wakeups& woken) noexcept { return decide(granted, woken); }
  ///@}

  /// @name For reports
  ///@{
  const char* waits_to() const noexcept { return waits_to_.load(std::memory_order_relaxed); }
  const detail::waitable* waits_on() const noexcept { return waits_on_.load(std::memory_order_relaxed); }
  /// By its number what it waits for, or has waited for last.
  std::uint64_t waited_on() const noexcept { return waits_on_number_.load(std::memory_order_relaxed); }
  wait_kind waits_how() const noexcept { return waits_how_.load(std::memory_order_relaxed); }
  bool waiting() const noexcept { return (word_.load(std::memory_order_relaxed) & open) != 0; }
  bool ended() const noexcept { return ended_; }
  /// Calls `visit(fiber&)` for this fiber and all below it, parents first, each with its parent held in place; after it
  /// `visit_scope(const cancel_scope&)` for each scope that it is in, from outside in, with the children in each before
  /// the next.
  ///
  /// @pre nothing else takes the visited fibers' locks inside `visit`
  template <class Visit, class VisitScope>
  void visit_tree(Visit&& visit, VisitScope&& visit_scope);
  template <class Visit>
  void visit_tree(Visit&& visit) {
    visit_tree(visit, [](const cancel_scope&) {});
  }
  ///@}

  /// @name For tests, on the thread of the executor while it does not run
  ///@{
  enum class harm : std::uint8_t {
    none,
    crash, ///< Its next wait throws `injected_fault` at its entry. A stop that is pending then comes first.
    hang,  ///< Its next wait in a finalizer, or for the fate of an ask, is one that only its limit ends.
  };
  /// What is not shielded waits as said, once.
  void suffer(harm what) noexcept;
  /// It will, and has not yet.
  bool is_harmed() const noexcept { return harm_ != harm::none; }
  /// It runs a finalizer, or waits for the fate of an ask: what has a limit, and is not reached by a cancel.
  bool cleans_up() const noexcept;
  ///@}

  fiber* next_in_queue = nullptr; ///< Belongs to whoever holds the fiber: a run queue, or a list of wake-ups.

protected:
  virtual ~fiber() = default;

  /// Makes the first frame; null: the work ended without one (it threw, and the error is kept).
  virtual detail::frame* begin() noexcept = 0;
  /// The work ended. Last call: the fiber may destroy itself in it.
  virtual void end(bool cancelled) noexcept = 0;

  /// What `task_group::start` was told to call it; empty: nothing.
  virtual std::string_view name() const noexcept { return {}; }

  /// As what others wait for: "child /2/0".
  const detail::waitable& as_waitable() const noexcept { return *this; }

  /// Takes the fiber's own lock: scopes, children, and the waiters of a child's outcome.
  detail::spinlock& lock() noexcept { return lock_; }

private:
  friend class cancel_scope;
  friend class task_group;
  friend class detail::snapshot_taker;
  friend class detail::wait_for_graph;

  enum class step : std::uint8_t { resume, park, yield, stop, end };

  // The wait, in one word. `open`: decided by nobody yet.
  using word = std::uint8_t;
  static constexpr word running = 0, open = 1, shielded = 2, granted = 4, stopped = 8;

  std::string describe() const override { return "child " + path(); }
  /// What follows the last '/' of its path.
  ///
  /// @pre it is in a group
  std::string path_part() const;
  /// How many groups of the same fiber are open around this one.
  static std::size_t groups_around(const cancel_scope& group) noexcept;
  bool is_to_suffer() const noexcept {
    return harm_ != harm::none && whose_code_ == code::of_users && (harm_ != harm::hang || cleans_up());
  }
  void suffer_now();
  bool decide(word verdict, detail::wakeups& woken) noexcept;
  void arrive() noexcept;
  void leave_thread() noexcept;
  void note_for(detail::books& of) noexcept;
  void tell_noted() noexcept;
  void tell_wait_begun() const noexcept;
  void tell_stop() const noexcept;
  bool walk() noexcept;
  void stop_wait(detail::wakeups& woken) noexcept;

  executor& executor_;
  detail::frame* leaf_ = nullptr;
  std::atomic<word> word_{running};
  std::atomic<bool> stop_{false}; // what innermost_->stopping() says, for the check of each operation
  step next_ = step::resume;
  bool begun_ : 1 = false; // all written on the fiber's own thread only
  bool ended_ : 1 = false;
  bool is_waited_for_ : 1 = false;
  bool in_wait_for_graph_ : 1 = false;
  bool begun_run_ : 1 = false; // of a supervised child
  harm harm_ = harm::none;
  code whose_code_ = code::of_users;
  std::atomic<bool> on_thread_{false}; // whoever was woken before it left its thread waits for this
  detail::spinlock lock_;              // guards the scopes of this fiber and the lists of children in them
  std::atomic<wait_kind> waits_how_{wait_kind::plain};
  detail::thread_marks* thread_ = nullptr; // of the thread it runs on

  const std::uint64_t number_;
  cancel_scope* innermost_;
  [[no_unique_address]] cancel_scope root_scope_; // what follows lies in its last bytes
  std::uint32_t start_index_ = 0;
  fiber* next_sibling_ = nullptr; // in root_scope_.outer_->first_child_, guarded by the parent's lock
  fiber* previous_sibling_ = nullptr;
  std::atomic<const char*> waits_to_{nullptr};
  std::atomic<const detail::waitable*> waits_on_{nullptr};
  std::atomic<std::uint64_t> waits_on_number_{0}; // whoever decides may tell of it after the object has gone

  std::atomic<detail::coarse_time> waits_since_{0};

public:
  /// For the executor: where it was run last, counted from 1; 0: nowhere yet. (Last, so that what derived classes have
  /// fits behind it.)
  std::uint16_t last_run_on = 0;
};

template <class Visit, class VisitScope>
void fiber::visit_tree(Visit&& visit, VisitScope&& visit_scope) {
  const auto enter = [&visit](fiber& visited) {
    visit(visited);
    visited.lock_.lock();
    return &visited.root_scope_;
  };
  // Along the links of the tree, as cancel_scope::stop_all_below does: no stack grows.
  for (cancel_scope* scope = enter(*this);;) {
    if (scope->first_child_ != nullptr) {
      scope = enter(*scope->first_child_);
      continue;
    }
    for (;;) { // all children of `scope` are done
      if (scope->inner_ != nullptr) {
        scope = scope->inner_;
        visit_scope(*scope);
        break;
      }
      fiber& done = scope->fiber_;
      fiber* const sibling = &done != this ? done.next_sibling_ : nullptr;
      cancel_scope* const group = done.root_scope_.outer_;
      done.lock_.unlock();
      if (&done == this)
        return;
      if (sibling != nullptr) {
        scope = enter(*sibling);
        break;
      }
      scope = group;
    }
  }
}

namespace this_fiber {

/// The fiber that runs on this thread, null outside of any.
///
/// @thread any
fiber* pointer() noexcept;

/// True while this fiber's frames are being destroyed by a stop: for destructors that must know.
/// (`std::uncaught_exceptions()` is 0 then, so a guard that commits in its destructor would commit on a cancel.)
///
/// @thread any
bool stopping() noexcept;

/// True when the next wait of this fiber will stop: for loops without waits. False outside of any fiber.
///
/// @thread any
bool stop_requested() noexcept;

} // namespace this_fiber

} // namespace troupe
