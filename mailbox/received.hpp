// One item taken out of a mailbox, until it is let go.

#pragma once

#include <troupe/mailbox/halves.hpp>
#include <troupe/scope/task.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

template <class T>
class received_batch;

namespace detail {
template <class T>
class receiving;
template <class Operation, class T>
task<received_batch<T>> take_batch(state_pointer<T, half::neither> from, std::size_t at_most);

/// Why an item is let go that whoever destroys its holder does not handle; empty: it was handled.
///
/// @param passing  exceptions that passed already when it was taken
inline std::optional<drop_reason> reason_to_let_go(int passing) noexcept {
  if (const ending how = frames_ending(); how == ending::stopped)
    return drop_reason::handling_cancelled;
  else if (how == ending::failed || std::uncaught_exceptions() > passing)
    return drop_reason::crashed;
  return std::nullopt;
}

} // namespace detail

/// What a receive gives: an item, or nothing once the mailbox is closed and drained.
///
/// The item is settled when this object goes: normally it counts as handled; while an exception passes it is
/// `crashed` and while the fiber is being stopped `handling_cancelled`, and then it goes to `on_undelivered`.
/// It may outlive its receiver and its mailbox.
///
/// The fiber that received it lets go of it without a lock, and the mailbox hears of that when the fiber next receives
/// or waits. To give it to another fiber, move it (as arguments of `start` are): then it is settled under the lock.
///
/// @thread that of the fiber that received it; once moved: any, one at a time
template <class T>
class received {
public:
  received() noexcept {}
  received(received&& other) noexcept { take_over(other); }
  received& operator=(received&& other) noexcept {
    if (this != &other) {
      settle();
      take_over(other);
    }
    return *this;
  }
  ~received() { settle(); }

  /// False: closed and drained, nothing more will come (or, from `try_receive`, nothing is there).
  explicit operator bool() const noexcept { return from_ != nullptr; }

  /// @pre bool(*this)
  T& operator*() noexcept { return detail::opened(item_); }
  const T& operator*() const noexcept { return detail::opened(item_); }
  T* operator->() noexcept { return &**this; }
  const T* operator->() const noexcept { return &**this; }

private:
  template <class>
  friend class receiver;
  template <class>
  friend class inbox;
  template <class>
  friend class detail::receiving;
  template <class>
  friend class claim_operation;
  template <class>
  friend class received_batch;
  template <class Operation, class U>
  friend task<received_batch<U>> detail::take_batch(detail::state_pointer<U, detail::half::neither> from,
                                                    std::size_t at_most);

  using item_type = detail::stored<T>;

  /// Taken by a fiber; `construct(item_type*)` makes the item.
  received(detail::mailbox_state<T>& from, fiber& owner, auto&& construct) noexcept : from_(&from), owner_(&owner) {
    construct(&item_);
    detail::tell_taken(item_);
    if constexpr (detail::of_kinds<T>)
      from.note_in_hand(item_, owner.about_now());
  }
  /// Taken by `try_receive`, perhaps in a destructor while exceptions pass; or given again after a crash.
  received(detail::mailbox_state<T>& from, int passing, std::uint16_t given_again, item_type&& item) noexcept
      : from_(&from), passing_(static_cast<std::uint16_t>(passing)), given_again_(given_again) {
    std::construct_at(&item_, std::move(item));
    detail::tell_taken(item_);
    if constexpr (detail::of_kinds<T>) {
      const fiber* const by = this_fiber::pointer();
      from.note_in_hand(item_, by != nullptr ? by->about_now() : 0);
    }
  }

  void take_over(received& other) noexcept {
    from_ = std::exchange(other.from_, nullptr);
    if (from_ == nullptr)
      return;
    passing_ = other.owner_ != nullptr ? std::uint16_t{0} : other.passing_;
    given_again_ = other.owner_ != nullptr ? std::uint16_t{0} : other.given_again_;
    owner_ = nullptr;
    std::construct_at(&item_, std::move(other.item_));
    std::destroy_at(&other.item_);
  }

  void settle() noexcept {
    if (from_ == nullptr)
      return;
    if (owner_ != nullptr && owner_->calm()) [[likely]] {
      std::destroy_at(&item_); // before anybody can see it settled
      from_->let_go_of_hand();
      owner_->note_settled(*std::exchange(from_, nullptr));
      return;
    }
    settle_under_lock();
  }
  [[gnu::noinline]] void settle_under_lock() noexcept {
    const std::optional<drop_reason> reason = detail::reason_to_let_go(owner_ != nullptr ? 0 : passing_);
    detail::mailbox_state<T>& from = *std::exchange(from_, nullptr);
    if (owner_ != nullptr) // else its reader may have taken another one since
      from.let_go_of_hand();
    if (reason && from.give_again(item_, *reason, owner_ != nullptr ? std::uint16_t{0} : given_again_))
      return std::destroy_at(&item_);
    if (reason)
      from.tell_dropped(item_, *reason);
    std::destroy_at(&item_); // before anybody can see it settled, so who has joined may tear down what items refer to
    from.settle_counted(1, reason);
  }
  /// Into a batch, which settles it.
  /// How often it was given after the first time.
  std::uint16_t hand_over(std::vector<item_type>& items) noexcept {
    items.push_back(std::move(item_));
    std::destroy_at(&item_);
    from_ = nullptr;
    return owner_ != nullptr ? std::uint16_t{0} : given_again_;
  }

  union {
    item_type item_; // there while `from_` is
  };
  detail::mailbox_state<T>* from_ = nullptr;
  fiber* owner_ = nullptr; // null once it was moved
  // Where there is no owner:
  std::uint16_t passing_;     // exceptions that passed already when it was taken
  std::uint16_t given_again_; // how often it was given after the first time
};

} // namespace troupe
