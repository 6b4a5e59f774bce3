// What the fibers of a supervisor, its children and its handles share.

#pragma once

#include <troupe/scope/counted_pointer.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/scope/outcome.hpp>
#include <troupe/scope/spinlock.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/caretaker.hpp>
#include <troupe/supervision/supervised_child.hpp>
#include <troupe/supervision/supervisor_options.hpp>
#include <troupe/supervision/tree_budget.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe {

/// How many children a supervisor has.
struct children_count {
  std::size_t listed = 0;
  std::size_t active = 0; ///< Of which something runs.
};

namespace detail {

/// Counted: by its block, its children, and handles.
///
/// What many threads share of it. Nothing is decided where something happens: whoever ends a run, or asks for something,
/// notes that as *news* of the child, under the lock, and wakes the one fiber that looks at news, one child after the
/// other. So the decisions (`caretaker`) are those of a sequential program; what others look at meanwhile is written
/// under the lock. That fiber runs no code of users: a child that hangs keeps it from nothing.
///
/// Each child has a fiber of its own over all its runs, in a task group of the block. It is hidden from cancels of what
/// is around the block: only the supervisor stops a run, and so nothing in a run refers to a scope that is outside of
/// it. A kill that comes from further up ends the wait for news, and is passed on from there.
class supervisor_core final : public counted_object<supervisor_core>, private waitable {
public:
  static supervisor_pointer make(fiber& owner, const supervisor_options& options);

  /// Of its block's fiber; empty for that of a root.
  const std::string& path() const noexcept { return path_; }

  /// @name What others look at
  ///
  /// @thread any
  ///@{
  /// Null: there is none.
  supervised_child_pointer find(std::string_view name) const noexcept;
  std::vector<supervised_child_pointer> children() const;
  children_count count() const noexcept;
  supervisor_options options() const noexcept;
  child_spec spec_of(const supervised_child& of) const noexcept;
  child_status state_of(const supervised_child& of) const noexcept;
  std::uint64_t incarnation_of(const supervised_child& of) const noexcept;
  /// The longest that stopping all of them may take.
  duration stops_within() const noexcept;
  ///@}

  /// Stops a run for somebody who has a handle.
  ///
  /// @thread any
  void cancel_run(supervised_child& of, bool kill) noexcept;

  /// @name What happens to a child
  ///@{
  void run_begins(supervised_child& of, incarnation_scope& run) noexcept;
  void run_ends(supervised_child& of) noexcept;
  void tell_started(supervised_child& of, std::uint64_t incarnation) noexcept;
  void tell_time(supervised_child& of, wakeups& woken) noexcept;
  ///@}

private:
  friend class counted_object<supervisor_core>;
  friend task<> supervised_block(supervisor_pointer core, task<> body);

  friend class caretaker;
  friend class troupe::supervisor;

  using news = supervised_child::news;
  using order = supervised_child::order;
  using request = supervised_child::request;
  class news_operation;
  class order_operation;

  supervisor_core(fiber& owner, const supervisor_options& options);
  static tree_budget_pointer budget_around(const fiber& owner) noexcept;
  ~supervisor_core() = default;

  std::string describe() const override { return "the children of " + (path_.empty() ? std::string("/") : path_); }
  std::uint64_t number() const noexcept override { return number_; }

  /// What a child supervises while it does; gives what it was before.
  static supervisor_core* supervised_by(supervised_child* child, supervisor_core* what) noexcept;
  static task<> look_after(supervisor_pointer core);
  static task<> look_until_all_have_ended(supervisor_core& core);
  static task<> host(supervised_child_pointer child);

  /// @name For requests
  ///@{
  /// Gives it a fiber, and tells that it was added. False: the supervisor stops.
  ///
  /// @throws std::bad_alloc, `std::invalid_argument` for its name; then nothing has happened
  bool add(supervised_child& added);
  /// False: that cannot be asked of it as it is.
  bool ask(supervised_child& of, news what) noexcept;
  void reconfigure(const supervisor_options& options) noexcept;
  void reconfigure(supervised_child& of, const child_spec& spec) noexcept;
  ///@}
  static void require_sensible(const supervisor_options& options);
  void note(supervised_child& of, news what, wakeups& woken) noexcept;
  void tell_ended(supervised_child& of, outcome<>&& how) noexcept;
  void shut_down() noexcept;
  duration abandons_within() const noexcept;
  static duration abandons_after(const supervised_child& child) noexcept;
  static duration grace_of(const supervised_child& child) noexcept;
  instant now() const noexcept { return executor_.time().now(); }

  /// @name What the fiber that looks at news tells others
  ///@{
  void set_state(supervised_child& child, child_status state) noexcept;
  void set_state_locked(supervised_child& child, child_status state, wakeups& woken) noexcept;
  void answer(supervised_child& child, request how, std::exception_ptr error = nullptr) noexcept;
  void answer_locked(supervised_child& child, request how, std::exception_ptr error, wakeups& woken) const noexcept;
  /// For events.
  void tell_of(const supervised_child& child, event_kind what, std::uint32_t place = 0) const noexcept;
  void give_order(supervised_child& child, order what) noexcept;
  static void give_order_locked(supervised_child& child, order what, wakeups& woken) noexcept;
  static void wake_waiting(supervised_child& child, wakeups& woken) noexcept;
  ///@}

  executor& executor_;
  supervisor_options options_; // written under the lock by the fiber that looks at news alone
  const std::string path_;
  const tree_budget_pointer budget_; // null: none around it
  const std::uint64_t number_;       // in events, where somebody wants details

  mutable spinlock lock_;    // taken before a fiber's
  fiber* looking_ = nullptr; // waits for news
  supervised_child* first_news_ = nullptr;
  supervised_child* last_news_ = nullptr;
  bool shutdown_asked_ = false;
  std::optional<supervisor_options> wanted_options_; // from the next news on
  bool closed_ = false;                              // nobody looks at news any more
  std::size_t being_added_ = 0;
  std::uint64_t added_ = 0;
  cancel_scope* body_ = nullptr;
  task_group* hosts_ = nullptr;
  // Written by the fiber that looks at news alone, under the lock:
  supervised_child* first_ = nullptr;
  supervised_child* last_ = nullptr;
  std::unordered_map<std::string_view, supervised_child*> by_name_;
  children_count count_;

  caretaker decides_;
};

/// Runs the body of a supervisor, and stops its children.
task<> supervised_block(supervisor_pointer core, task<> body);

} // namespace detail

} // namespace troupe
