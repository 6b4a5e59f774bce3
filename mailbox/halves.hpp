// Who holds a mailbox, and as what.

#pragma once

#include <troupe/mailbox/mailbox_state.hpp>
#include <troupe/scope/assert.hpp>

#include <cstdint>
#include <utility>

namespace troupe {

namespace detail {

/// A counted pointer to the state; `Half` says what else its holder counts as.
enum class half : std::uint8_t { sends, receives, makes, neither };

template <class T, half Half>
class state_pointer {
public:
  state_pointer() = default;
  explicit state_pointer(mailbox_state<T>& state) noexcept : state_(&state) { add(); }
  state_pointer(const state_pointer& other) noexcept : state_(other.state_) { add(); }
  state_pointer(state_pointer&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  state_pointer& operator=(state_pointer other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~state_pointer() {
    if (state_ == nullptr)
      return;
    if constexpr (Half == half::sends)
      state_->sender_gone();
    else if constexpr (Half == half::receives)
      state_->receiver_gone();
    else if constexpr (Half == half::makes)
      state_->maker_gone();
    state_->let_go();
  }

  explicit operator bool() const noexcept { return state_ != nullptr; }
  mailbox_state<T>& operator*() const noexcept {
    TROUPE_ASSERT(state_ != nullptr, "this half of a mailbox was used after it had been moved from");
    return *state_;
  }
  mailbox_state<T>* operator->() const noexcept { return &**this; }

private:
  void add() noexcept {
    if (state_ == nullptr)
      return;
    state_->hold();
    if constexpr (Half == half::sends)
      state_->sender_added();
    else if constexpr (Half == half::receives)
      state_->receiver_added();
    else if constexpr (Half == half::makes)
      state_->maker_added();
  }

  mailbox_state<T>* state_ = nullptr;
};

} // namespace detail

} // namespace troupe
