// One item taken out of a mailbox, until it is let go.

#pragma once

#include <troupe/mailbox/mailbox_state.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace troupe {

/// What a receive gives: an item, or nothing once the mailbox is closed and drained.
///
/// The item is settled when this object goes: normally it counts as handled; while an exception passes it is
/// `crashed` and while the fiber is being stopped `handling_cancelled`, and then it goes to `on_undelivered`.
/// It may outlive its receiver and its mailbox.
///
/// @thread one at a time; it may be moved to another fiber
template <class T>
class received {
public:
  received() = default;
  received(received&& other) noexcept
      : item_(std::move(other.item_)), from_(std::exchange(other.from_, nullptr)), passing_(other.passing_) {
    other.item_.reset();
  }
  received& operator=(received&& other) noexcept {
    if (this != &other) {
      settle();
      if (other.item_)
        item_.emplace(std::move(*other.item_));
      other.item_.reset();
      from_ = std::exchange(other.from_, nullptr);
      passing_ = other.passing_;
    }
    return *this;
  }
  ~received() { settle(); }

  /// False: closed and drained, nothing more will come (or, from `try_receive`, nothing is there).
  explicit operator bool() const noexcept { return from_ != nullptr; }

  /// @pre bool(*this)
  T& operator*() noexcept { return *item_; }
  const T& operator*() const noexcept { return *item_; }
  T* operator->() noexcept { return &*item_; }
  const T* operator->() const noexcept { return &*item_; }

private:
  template <class>
  friend class receiver;
  template <class>
  friend class receive_operation;

  received(std::optional<T>&& item, detail::mailbox_state<T>& from, int passing = 0) noexcept
      : item_(std::move(item)), from_(&from), passing_(passing) {}

  void settle() noexcept {
    if (from_ == nullptr)
      return;
    std::optional<drop_reason> reason;
    if (const detail::ending how = detail::frames_ending(); how == detail::ending::stopped)
      reason = drop_reason::handling_cancelled;
    else if (how == detail::ending::failed || std::uncaught_exceptions() > passing_)
      reason = drop_reason::crashed;
    std::exchange(from_, nullptr)->settle(item_, reason);
  }

  std::optional<T> item_;
  detail::mailbox_state<T>* from_ = nullptr;
  int passing_ = 0; // exceptions that passed already when it was taken: `try_receive` in a destructor
};

} // namespace troupe
