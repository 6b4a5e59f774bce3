// Who holds a mailbox, and as what.

#pragma once

#include <troupe/mailbox/mailbox_state.hpp>
#include <troupe/scope/assert.hpp>

#include <cstdint>
#include <utility>

namespace troupe {

namespace detail {

/// A counted pointer to the state; `Half` says what its holder counts as.
using half = mailbox_core::holder;

template <class T, half Half>
class state_pointer {
public:
  state_pointer() = default;
  explicit state_pointer(mailbox_state<T>& state) noexcept : state_(&state) { add(); }
  /// Takes over what the state was made with.
  static state_pointer first(mailbox_state<T>* state) noexcept {
    state_pointer made;
    made.state_ = state;
    return made;
  }
  state_pointer(const state_pointer& other) noexcept : state_(other.state_) { add(); }
  state_pointer(state_pointer&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  state_pointer& operator=(state_pointer other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~state_pointer() {
    if (state_ != nullptr)
      state_->let_go(Half);
  }

  explicit operator bool() const noexcept { return state_ != nullptr; }
  mailbox_state<T>& operator*() const noexcept {
    TROUPE_ASSERT(state_ != nullptr, "this half of a mailbox was used after it had been moved from");
    return *state_;
  }
  mailbox_state<T>* operator->() const noexcept { return &**this; }

private:
  void add() noexcept {
    if (state_ != nullptr)
      state_->add(Half);
  }

  mailbox_state<T>* state_ = nullptr;
};

} // namespace detail

} // namespace troupe
