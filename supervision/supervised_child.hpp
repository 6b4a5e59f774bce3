// One child of a supervisor, over all its runs: what the supervisor, the fiber that runs it and its handles share.

#pragma once

#include <troupe/scope/cancel_scope.hpp>
#include <troupe/scope/child.hpp>
#include <troupe/scope/counted_pointer.hpp>
#include <troupe/scope/kept_call.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/scope/time_source.hpp>
#include <troupe/scope/wait_list.hpp>
#include <troupe/supervision/child_spec.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe {

class startup;

namespace detail {

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
class supervised_child {
public:
  supervised_child(supervisor_core& of, const child_spec& spec);
  supervised_child(const supervised_child&) = delete;
  supervised_child& operator=(const supervised_child&) = delete;

  void keep() noexcept { references_.fetch_add(1, std::memory_order_relaxed); } // relaxed: the caller holds one
  void drop() noexcept {
    // acq_rel: the last one sees all that the others wrote before it destroys
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete this;
  }

  supervisor_core& supervisor() const noexcept { return *supervisor_; }
  const child_spec& spec() const noexcept { return spec_; }
  const std::string& name() const noexcept { return name_; }
  std::string path() const;

  /// @name What it is, on the fiber that runs it
  ///@{
  /// Makes the work of one run, with fresh copies of what it is made of.
  ///
  /// @throws what copying, and the function, throw
  virtual task<> begin_run() = 0;
  /// The run has ended, and its frames are gone: so are the copies.
  virtual void end_run() noexcept = 0;
  /// It is to be started anew: before that, and before a backoff.
  virtual void prepare_restart() noexcept {}
  /// It has ended, and is not started anew unless somebody asks for it: what it still has is lost.
  virtual void retire() noexcept {}
  /// Somebody has asked for it.
  virtual void revive() noexcept {}
  ///@}
  /// From now on it is sent nothing.
  ///
  /// @thread any
  virtual void refuse_all() noexcept {}
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

  friend class troupe::startup;
  friend class incarnation_scope;
  friend class supervisor_core;

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

  std::atomic<int> references_{1};
  const supervisor_pointer supervisor_;
  child_spec spec_; // its name is what it was given
  std::string name_;

  using condition = bool (*)(const supervised_child&) noexcept;

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
  wait_list waiting_; // for a change of what follows
  child_status state_ = child_status::down;
  request start_ = request::none;  // of whoever asked for its start, until they have read it
  bool start_awaited_ = false;     // they are still there
  std::exception_ptr start_error_; // why it failed
  bool listed_ = false;
  std::uint64_t incarnation_ = 0;

  // Of the fiber that looks at the supervisor's news alone:
  std::optional<child<>> host_;
  supervised_child* next_ = nullptr;
  supervised_child* previous_ = nullptr;
  bool wanted_ = true;       // false: it stays down until somebody asks for it
  bool timed_out_ = false;   // it did not say in time that it has started
  bool has_started_ = false; // in some run
  bool kill_sent_ = false;   // by us, to this run
  bool retired_ = false;     // told to, and not run since
  bool counted_out_ = false; // of its supervisor's significant children
  std::uint32_t in_a_row_ = 0;
  std::uint64_t place_ = 0; // in the order of starts
  instant run_began_{};
  std::optional<child_timer> timer_;
};

/// A child that calls `function(args...)`, with copies of both for each run.
template <class Function, class... Args>
class supervised_call final : public supervised_child {
  static_assert(std::is_copy_constructible_v<Function> && (std::is_copy_constructible_v<Args> && ...),
                "a supervised child is started anew with fresh copies of its function and arguments: pass what can be "
                "copied, or a factory");

public:
  template <class F, class... A>
  supervised_call(supervisor_core& of, const child_spec& spec, F&& function, A&&... args)
      : supervised_child(of, spec), function_(std::forward<F>(function)), args_(std::forward<A>(args)...) {
    says_when_started_ = takes_startup;
  }

private:
  static constexpr bool takes_startup = std::is_invocable_v<Function&, startup, Args&&...>;

  task<> begin_run() override {
    std::apply([this](const Args&... args) { copies_.emplace(std::in_place, std::as_const(function_), args...); },
               args_);
    if constexpr (takes_startup) {
      return (*copies_)(startup_of_this_run());
    } else {
      static_assert(std::is_invocable_v<Function&, Args&&...>,
                    "a supervised child's function is called with copies of the arguments that it was started with, "
                    "after a `startup` if it takes one");
      return (*copies_)();
    }
  }
  void end_run() noexcept override { copies_.reset(); }

  const Function function_;
  const std::tuple<Args...> args_;
  std::optional<kept_call<Function, Args...>> copies_;
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
