// One child of a supervisor, over all its runs: what the supervisor, the fiber that runs it and its handles share.

#pragma once

#include <troupe/scope/cancel_scope.hpp>
#include <troupe/scope/child.hpp>
#include <troupe/scope/counted_pointer.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/scope/time_source.hpp>
#include <troupe/scope/wait_list.hpp>
#include <troupe/supervision/child_spec.hpp>
#include <troupe/supervision/repeated_call.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace troupe {

class startup;
class supervisor;

namespace detail {

class caretaker;
class mailbox_core;
struct node_facts;
class supervised_child;
class supervisor_core;

using supervised_child_pointer = counted_pointer<supervised_child>;
using supervisor_pointer = counted_pointer<supervisor_core>;

/// The scope of one run of a child. What is in it finds by it whose run it is.
class incarnation_scope : public cancel_scope {
public:
  incarnation_scope(fiber& owner, supervised_child& of) noexcept;
  ~incarnation_scope();

  /// The child that is run by this very fiber, not by one around it; null: none.
  ///
  /// @thread the fiber's
  static supervised_child* of(const fiber& self) noexcept;
  /// The run that a fiber is in, perhaps below others; null: it is in none.
  ///
  /// @thread the fiber's
  static const incarnation_scope* around(const fiber& self) noexcept;
  supervised_child& child() const noexcept { return of_; }
  /// Where a fiber is, in a run or outside of any.
  ///
  /// @thread the fiber's
  static std::string path_of(const fiber& self);

private:
  supervised_child& of_;
};

/// Tells the supervisor of a child that its time is up: to start, to wait, to stop, to end.
class child_timer final : public timer {
public:
  child_timer(supervised_child& of, instant at) noexcept : timer(at, &on_time), of_(of) {}

private:
  static void on_time(timer& fired, wakeups& woken) noexcept;

  supervised_child& of_;
};

/// Counted: by its supervisor while it is listed, by the fiber that runs it, and by handles.
class supervised_child : public counted_object<supervised_child> {
public:
  supervised_child(supervisor_core& of, const child_spec& spec);

  supervisor_core& supervisor() const noexcept { return *supervisor_; }
  const std::string& name() const noexcept { return name_; }
  std::string path() const;

  /// @name What it is, on the fiber that runs it
  ///@{
  /// Makes the work of one run, with fresh copies of what it is made of.
  ///
  /// @throws what copying, and the function, throw
  virtual task<> begin_run() = 0;
  /// The run has ended, and its frames are gone: so are the copies.
  virtual void end_run(const outcome<>& how) noexcept = 0;
  /// It is to be started anew: before that, and before a backoff.
  virtual void prepare_restart() noexcept {}
  /// It has ended, and is not started anew unless somebody asks for it: what it still has is lost.
  virtual void retire() noexcept {}
  /// Somebody has asked for it.
  virtual void revive() noexcept {}
  /// It is no child any more: what it was made of goes, though handles may stay.
  virtual void let_go() noexcept = 0;
  ///@}
  /// For a snapshot.
  ///
  /// @thread any
  void tell(node_facts& facts) const noexcept;
  /// What an actor reads; null: it is none.
  ///
  /// @thread any
  virtual const mailbox_core* reads() const noexcept { return nullptr; }
  /// From now on it is sent nothing.
  ///
  /// @thread any
  virtual void refuse_all() noexcept {}
  /// Nobody waits for the end of its run any more, nor takes what it still has from it.
  ///
  /// @thread any
  virtual void be_abandoned() noexcept { refuse_all(); }
  /// True when it ends by itself, once it has done what it was sent before `refuse_all()`.
  ///
  /// @thread any
  virtual bool drains() const noexcept { return false; }
  /// True when it has ended for good by itself, whatever its restart type says.
  ///
  /// @thread any
  virtual bool is_over() const noexcept { return false; }

protected:
  virtual ~supervised_child();

  friend class counted_object<supervised_child>;
  friend class troupe::startup;
  friend class incarnation_scope;
  friend class caretaker;
  friend class supervisor_core;
  friend class troupe::supervisor;

  startup startup_of_this_run() noexcept;

  bool says_when_started_ = false; // it takes a `startup`

private:
  enum class order : std::uint8_t {
    none,
    run,
    run_again, ///< The same after it had retired.
    prepare,   ///< It will be run again, after a wait.
    retire,    ///< It will not, unless somebody asks for it.
    leave,     ///< The same, and nobody will.
  };
  enum class request : std::uint8_t { none, pending, done, failed, refused };
  /// One bit each.
  enum class news : std::uint8_t {
    added = 1,
    started = 2, ///< It says so.
    ended = 4,   ///< Its run has.
    time = 8,    ///< Its timer has fired.
    asked_to_stop = 16,
    asked_to_start = 32,
    asked_to_go = 64, ///< To be forgotten.
    reconfigured = 128,
  };
  static constexpr std::uint8_t bit(news which) noexcept { return static_cast<std::uint8_t>(which); }
  /// Under the lock: somebody has asked for it, and was not heard yet.
  bool is_asked(news what) const noexcept { return ((news_ | being_seen_) & bit(what)) != 0; }
  /// Who waits until a child is as they want it.
  struct waiter : wait_node {
    explicit waiter(bool (*condition)(const supervised_child&) noexcept) noexcept : holds(condition) {}
    bool (*const holds)(const supervised_child&) noexcept;
  };

  const supervisor_pointer supervisor_;
  child_spec spec_; // its name is what it was given; written under the lock by the fiber that looks at news alone
  std::string name_;

  // Guarded by the supervisor's lock:
  order order_ = order::none; // to the fiber that runs it
  fiber* host_waiting_ = nullptr;
  incarnation_scope* run_ = nullptr; // while it runs
  supervisor_core* supervises_ = nullptr;
  bool stop_asked_ = false; // of this run
  bool killed_ = false;     // as well
  bool retires_ = false;    // it was stopped for good
  bool abandoned_ = false;
  bool time_is_up_ = false;
  std::uint8_t news_ = 0;       // what has happened, and was not looked at yet
  std::uint8_t being_seen_ = 0; // and what is looked at
  bool has_news_ = false;
  supervised_child* next_news_ = nullptr;
  exit_reason exit_;
  std::optional<child_spec> wanted_spec_;               // from the next news on
  wait_list waiting_;                                   // for a change of what follows
  std::atomic<child_status> state_{child_status::down}; // read by snapshots without the lock; so is incarnation_
  request start_ = request::none;                       // of whoever asked for its start, until they have read it
  bool start_awaited_ = false;                          // they are still there
  std::exception_ptr start_error_;                      // why it failed
  bool listed_ = false;
  std::atomic<std::uint64_t> incarnation_{0};
  std::atomic<bool> ended_well_{false}; // its last run, by itself and not to be followed by another; for snapshots

  // Of the fiber that looks at the supervisor's news alone:
  std::optional<child<>> host_;
  supervised_child* next_ = nullptr;
  supervised_child* previous_ = nullptr;
  bool wanted_ = true;       // false: it stays down until somebody asks for it
  bool timed_out_ = false;   // it did not say in time that it has started
  bool has_started_ = false; // in some run
  bool kill_sent_ = false;   // by us, to this run
  bool retired_ = false;     // told to, and not run since
  std::uint32_t in_a_row_ = 0;
  std::uint64_t place_ = 0; // in the order of starts
  instant run_began_{};
  std::optional<child_timer> timer_;
};

/// A child that calls `function(args...)`, with copies of both for each run.
template <class Function, class... Args>
class supervised_call final : public supervised_child {
public:
  template <class F, class... A>
  supervised_call(supervisor_core& of, const child_spec& spec, F&& function, A&&... args)
      : supervised_child(of, spec), call_(std::in_place, std::forward<F>(function), std::forward<A>(args)...) {
    says_when_started_ = takes_startup;
  }

private:
  static constexpr bool takes_startup = std::is_invocable_v<Function&, startup, Args&&...>;

  task<> begin_run() override {
    if constexpr (takes_startup) {
      return call_.begin(startup_of_this_run());
    } else {
      static_assert(std::is_invocable_v<Function&, Args&&...>,
                    "a supervised child's function is called with copies of the arguments that it was started with, "
                    "after a `startup` if it takes one");
      return call_.begin();
    }
  }
  void end_run(const outcome<>&) noexcept override { call_.end(); }
  void let_go() noexcept override { call_.let_go(); }

  repeated_call<Function, Args...> call_;
};

} // namespace detail

/// Says for a child that it has started: who starts it waits for that, and so do the children after it in a restart.
/// A function that takes one, before its other arguments, must call `started()` within the `start_timeout`, or has
/// failed to start; if it returns instead, there was nothing to start. (OTP's `proc_lib:init_ack`.)
///
/// @thread any
class startup {
public:
  /// Once; further calls, and those after its run has ended, do nothing.
  void started() const noexcept;

private:
  friend class detail::supervised_child;

  explicit startup(detail::supervised_child& of) noexcept;

  detail::supervised_child_pointer of_;
  std::uint64_t incarnation_;
};

} // namespace troupe
