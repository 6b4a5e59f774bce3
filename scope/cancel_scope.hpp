// A region of a fiber, and of the fibers started in it, that can be cancelled as a whole.

#pragma once

#include <troupe/scope/outcome.hpp>

#include <atomic>
#include <cstdint>
#include <source_location>

namespace troupe {

class fiber;

namespace detail {
class child_base;
class deadline_scope;
class incarnation_scope; // of a layer above
class observed_scope;
class snapshot_taker;
class wait_for_graph;
class wakeups;
} // namespace detail

/// Node of the tree along which cancels travel: the scopes of one fiber are nested like blocks, and a task group's
/// scope also has the fibers that were started in the group below it.
///
/// Cancellation is state of the scope, not a message to a fiber: it is sticky, so every wait in the scope ends until
/// the scope is left, and it is absorbed only by the scope it was meant for. The tree is guarded by one lock per
/// fiber, taken from parent to child, so a traversal can never meet a fiber or scope that has gone.
/// (The tree of scopes is Trio's; flags pushed down to the leaves make the check of each wait one relaxed load.)
class cancel_scope {
public:
  enum class shielding : std::uint8_t {
    none,
    commit,  ///< Hides the scope from cancels of those around it, until the limit of a shield around it has passed.
    cleanup, ///< Hides it from all of them.
  };

  /// Enters a new innermost scope of `owner`.
  ///
  /// @thread owner
  explicit cancel_scope(fiber& owner, shielding kind = shielding::none) noexcept;
  /// Leaves it.
  ///
  /// @pre it is the innermost scope, and no fiber started in it is left
  /// @thread owner
  ~cancel_scope();
  cancel_scope(const cancel_scope&) = delete;
  cancel_scope& operator=(const cancel_scope&) = delete;

  /// Asks everything in the scope to stop: each wait in it ends, now or at its entry. Returns at once, runs no user
  /// code. The first cancel of a scope gives the reason; later ones change nothing.
  ///
  /// @thread any, while the scope exists
  void cancel(cancel_reason reason = cancel_reason::requested,
              std::source_location where = std::source_location::current()) noexcept;

  /// The cancel of a shield whose limit has passed: it also ends the commit phases in the scope.
  ///
  /// @thread any, while the scope exists
  void cancel_commits(cancel_reason reason = cancel_reason::requested,
                      std::source_location where = std::source_location::current()) noexcept;

  /// True when this very scope was cancelled.
  ///
  /// @thread any
  bool cancelled() const noexcept {
    return cancelled_.load(std::memory_order_acquire); // acquire: pairs with the release in cancel_locked()
  }

  /// True when waits in this scope end: it or one around it was cancelled, and no shield is between.
  ///
  /// @thread any
  bool stopping() const noexcept {
    return stopped_by_.load(std::memory_order_acquire) != nullptr; // acquire: pairs with the release in mark()
  }

  /// True when the stop also concerns what is around this scope, so this scope must pass it on.
  ///
  /// @thread owner
  bool outer_stopping() const noexcept {
    return shielding_ == shielding::none && outer_ != nullptr && outer_->stopping();
  }

  /// What stopped it first.
  ///
  /// @pre stopping()
  cancel_cause cause() const noexcept {
    const cancel_scope& by =
        *stopped_by_.load(std::memory_order_acquire); // acquire: as in stopping(); its cause is there
    return {by.reason_, by.origin_, by.where_};
  }

private:
  friend class fiber;
  friend class task_group;
  friend class detail::child_base;
  friend class detail::deadline_scope;
  friend class detail::incarnation_scope;
  friend class detail::observed_scope;
  friend class detail::snapshot_taker;
  friend class detail::wait_for_graph;

  /// Which scopes a cancel of one around them ends.
  enum class reach : bool { unshielded, commits_too };
  enum class role : std::uint8_t { plain, group, limited, moves_on, incarnation, observed };
  struct root_tag {};
  cancel_scope(root_tag, fiber& owner, cancel_scope* outer) noexcept : fiber_(owner), outer_(outer) {}
  cancel_scope(fiber& owner, shielding kind, role as) noexcept;

  /// How many are around it in its own fiber, for events.
  std::uint32_t place() const noexcept;
  /// For events.
  std::uint8_t traits() const noexcept;
  /// The one around it in its own fiber; null: none.
  const cancel_scope* outer_in_fiber() const noexcept;
  void cancel(cancel_reason reason, std::source_location where, reach far, detail::wakeups& woken) noexcept;
  /// Its body, for a caller that holds the fiber's lock.
  void cancel_locked(const cancel_cause& cause, reach far, detail::wakeups& woken) noexcept;
  void tell_entered() const noexcept;
  void tell_left() const noexcept;
  void tell_cancelled(const cancel_cause& cause, reach far) const noexcept;
  bool within(reach far) const noexcept {
    return shielding_ == shielding::none || (shielding_ == shielding::commit && far == reach::commits_too);
  }
  void mark(const cancel_scope& by, reach far) noexcept;
  /// Returns once the cancel that stops this scope has reached everything it concerns: what a stop leaves behind (an
  /// ended child, a closed mailbox) must not be taken for an answer by a fiber that the same cancel is about to reach.
  ///
  /// @pre stopping()
  void await_marks() const noexcept;
  void stop_all_below(reach far, detail::wakeups& woken) noexcept;

  fiber& fiber_;
  cancel_scope* outer_ = nullptr; // around this one: in the same fiber, or the group that the fiber was started in
  cancel_scope* inner_ = nullptr; // next one inwards in the same fiber
  fiber* first_child_ = nullptr;  // fibers started in this scope, in no particular order
  // The one whose cancel reached us first: this one, or one around it, which is there as long as we are.
  std::atomic<const cancel_scope*> stopped_by_{nullptr};
  // The one whose cancel, here or around us, was the first that a commit does not hold up; guarded by the fiber's lock.
  const cancel_scope* commits_stopped_by_ = nullptr;
  // Of this scope's own cancel; written once, before stopped_by_.
  std::uint64_t origin_ = 0;
  std::source_location where_;
  cancel_reason reason_{};
  std::atomic<bool> cancelled_{false};
  const shielding shielding_ : 4 = shielding::none;
  const role role_ : 4 = role::plain;
};

} // namespace troupe
