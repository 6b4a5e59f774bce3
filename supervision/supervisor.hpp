// The owner of children that are started anew when they fail.

#pragma once

#include <troupe/scope/endless_wait.hpp>
#include <troupe/scope/station.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/supervision/child_spec.hpp>
#include <troupe/supervision/escalated.hpp>
#include <troupe/supervision/supervised_child.hpp>
#include <troupe/supervision/supervisor_core.hpp>
#include <troupe/supervision/supervisor_options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// A child of a supervisor: over all its runs.
///
/// @thread any
class supervised {
public:
  const std::string& name() const noexcept { return child_->name(); }
  child_status state() const noexcept;
  /// How often it was started: 1 in its first run.
  std::uint64_t incarnation() const noexcept;
  /// As it is now. Its name, empty where it was given none, is good as long as this handle.
  child_spec spec() const noexcept;
  /// Stops its run, if there is one, as a cancel; what comes of it is what its restart type says.
  void cancel() const noexcept;
  /// Stops its run at once, with the shields in it; that counts as a failure.
  void kill() const noexcept;

  friend bool operator==(const supervised& a, const supervised& b) noexcept { return &*a.child_ == &*b.child_; }

private:
  friend class supervisor;
  explicit supervised(detail::supervised_child_pointer child) noexcept : child_(std::move(child)) {}

  detail::supervised_child_pointer child_;
};

struct actor_spec;
template <class Call>
struct on_undelivered;

/// Starts, watches and stops children. A small handle: copies are of the same supervisor, and may outlive it; then it
/// starts nothing.
///
/// @thread any
class supervisor {
public:
  /// Starts `function(args...)`, which returns `task<>`, as a child, and waits until it has started.
  ///
  /// A child that takes a `startup` first has started when it says so; others have at once. Function and arguments are
  /// kept, and copied for each run: what they refer to must outlive the supervisor. Whoever waits here keeps nobody
  /// from anything: a child may start others under its own supervisor before it has started itself.
  ///
  /// @suspends until it has started
  /// @cancel   the child stays, and goes on with its start
  /// @returns  its handle. A child that ends normally before it has started is *ignored*: it stays listed, and down,
  ///           unless it is temporary
  /// @throws   `start_failed`, and then it is not a child; `std::invalid_argument` for a spec that makes no sense; what
  ///           copying throws
  template <class Function, class... Args>
  task<supervised> start(const child_spec& spec, Function&& function, Args&&... args) const {
    using call = detail::supervised_call<std::decay_t<Function>, std::decay_t<Args>...>;
    require_sensible(spec);
    return started(core_, detail::supervised_child_pointer::owning(
                              new call{*core_, spec, std::forward<Function>(function), std::forward<Args>(args)...}));
  }

  /// Starts `function(inbox, args...)` as an actor, and gives its address, which stays valid over restarts. Defined in
  /// <troupe/supervision/supervised_actor.hpp>.
  ///
  /// The message in hand when a run fails is lost, as `crashed`; those in its mailbox stay, but asks are told
  /// `restarting`. An actor that is stopped by its address is not started anew, whatever its restart type. Unlike one of
  /// a task group it does not end because nobody has its address.
  ///
  /// @suspends @cancel @throws as `start`
  /// @returns  its address
  template <class Function, class... Args>
  auto start_actor(const actor_spec& spec, Function&& function, Args&&... args) const;
  /// The same, with what is called for each message that the actor does not handle.
  template <class Call, class Function, class... Args>
  auto start_actor(const actor_spec& spec, on_undelivered<Call> lost, Function&& function, Args&&... args) const;

  /// Stops the child of that name, and waits until it is down. It stays listed, unless it is temporary.
  ///
  /// @suspends until it is down, or was abandoned
  /// @cancel   the stop goes on
  /// @throws   `std::invalid_argument`: there is none
  task<> stop(std::string_view name) const;
  /// The same by its handle, which a dynamic child has in place of a name; and not only its run, so that a permanent one
  /// is not started anew. One that has gone is not stopped again.
  ///
  /// @suspends @cancel as above
  /// @throws   `std::invalid_argument`: it is a child of another supervisor
  task<> stop(const supervised& child) const;
  /// Starts the child of that name, which is down, and waits until it has started.
  ///
  /// @suspends @cancel as `start`
  /// @throws   `start_failed`, and then it is still down; `std::invalid_argument`: there is none, or it is not down
  task<> restart(std::string_view name) const;
  /// Forgets the child of that name, which is down.
  ///
  /// @suspends until that is done
  /// @cancel   it is done all the same
  /// @throws   `std::invalid_argument`: there is none, or it is not down
  task<> remove(std::string_view name) const;

  /// Changes how it decides from now on: what happens after this call is decided by the new options, and restarts that
  /// were counted count. Children keep what they are, so those that are significant stay so when `stops` becomes
  /// `never`, and count again when it is something else. Where the supervisor has ended nothing happens.
  ///
  /// @throws `std::invalid_argument` for what makes no sense, as `supervise`; also where one of both is `dynamic`, which
  ///         children of the other kind do not suit, and for another `budget`; then nothing has changed
  void reconfigure(const supervisor_options& options) const;
  /// Changes how the child of that name is treated from now on: whether and how it is stopped, started anew, counted.
  /// A stop, or a start, that has begun keeps its limit. One that is down and becomes temporary is forgotten.
  ///
  /// @param spec  its name is empty, or what it is called
  /// @throws `std::invalid_argument` for what makes no sense, as `start`; or there is none
  void reconfigure(std::string_view name, const child_spec& spec) const;
  /// As it decides now.
  supervisor_options options() const noexcept;

  /// The children, in the order in which they were started.
  std::vector<supervised> children() const;
  /// The child of that name; empty: there is none.
  std::optional<supervised> find(std::string_view name) const;
  children_count count() const noexcept;

  /// Serves until the supervisor is stopped, by itself or by a cancel from outside: for the end of its block.
  ///
  /// @suspends until then, and never goes on
  detail::endless_wait run() const noexcept { return {fiber::wait_kind::daemon, "serve"}; }

private:
  template <class Body>
  friend task<> supervise(supervisor_options options, Body body);

  explicit supervisor(detail::supervisor_pointer core) noexcept : core_(std::move(core)) {}
  /// @throws std::invalid_argument
  void require_sensible(const child_spec& spec, std::string_view called = {}) const;
  /// @throws std::invalid_argument: there is none
  detail::supervised_child_pointer named(std::string_view name) const;

  // What they ask for may take longer than this handle stays.
  class change_operation;
  static task<supervised> started(detail::supervisor_pointer core, detail::supervised_child_pointer child);
  template <class Address>
  static task<Address> address_of_started(detail::supervisor_pointer core, detail::supervised_child_pointer child,
                                          Address address) {
    co_await started(std::move(core), std::move(child));
    co_return address;
  }
  static task<> start_answered(detail::supervisor_pointer core, detail::supervised_child_pointer child);
  static task<> stopped(detail::supervisor_pointer core, detail::supervised_child_pointer child);
  static task<> restarted(detail::supervisor_pointer core, detail::supervised_child_pointer child);
  static task<> removed(detail::supervisor_pointer core, detail::supervised_child_pointer child);

  detail::supervisor_pointer core_;
};

/// Runs `body(supervisor&)`, a coroutine with result `task<>`, with a supervisor, and stops all of its children at the
/// end of it, whatever that end is: in the reverse order of their start, each when those after it have ended.
///
/// Children are not reached by cancels and deadlines from outside: those end the body, and then the supervisor stops
/// them, in order. What they refer to lives outside of the body.
///
/// A child that ends is started anew as its `restart_type` and the strategy say, at most `intensity` times within a
/// `period`; then all children are stopped, the body is cancelled, and `escalated` is thrown.
///
/// @suspends until the last child has ended, or was abandoned
/// @cancel   the body and then the children are stopped, then the stop goes on
/// @throws   what the body throws, else `escalated`
template <class Body>
task<> supervise(supervisor_options options, Body body) {
  fiber& self = co_await detail::current_fiber{};
  supervisor top{detail::supervisor_core::make(self, options)};
  co_await detail::supervised_block(top.core_, body(top));
}

} // namespace troupe
