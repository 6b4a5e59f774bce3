// An actor's address for another actor system: what comes from there never waits, and an answer is a call.

#pragma once

#include <troupe/actors/actor_ref.hpp>

#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// The block of an ask whose asker does not wait: its answer is a call of `call(outcome<T>)`.
template <class T, class Call>
class called_back_block final : public reply_block<T> {
public:
  explicit called_back_block(Call call) : call_(std::move(call)) { this->call_back(); }

private:
  void answered() noexcept override {
    std::optional<Call> call = std::move(call_);
    call_.reset();
    (*call)(this->answer_ == ask_block::answer::value ? value() : outcome<T>{this->error()});
  }
  outcome<T> value() {
    if constexpr (std::is_void_v<T>)
      return {};
    else
      return this->take();
  }

  std::optional<Call> call_;
};

/// Sends to an actor on behalf of somebody who is no fiber. An address as any other: it keeps the actor's mailbox.
///
/// @thread any
template <class Message>
class actor_gate {
public:
  explicit actor_gate(actor_ref<Message> to) noexcept : to_(std::move(to)) {}

  const actor_life_pointer& life() const noexcept { return to_.life_; }
  void stop_now() const noexcept { to_.stop_now(); }

  /// Where there is no room it does what `overflow` says, and does not wait with `suspend` either: what is refused is
  /// counted, and goes to `on_undelivered`.
  send_status tell(Message&& told) const { return to_.to_.try_send_or_drop(std::move(told)); }

  /// Calls `answered(outcome<T>)` once with the answer, or with why there is none, on the thread that gives it and
  /// perhaps before this returns; it must neither wait nor throw. No deadline is around such an ask.
  template <askable M, class Answered>
  requires std::invocable<Answered&, outcome<answer_to<M>>>
  void ask(M asked, Answered answered) const {
    auto* const block = new called_back_block<answer_to<M>, Answered>(std::move(answered));
    asked.to = reply<answer_to<M>>{*block};
    block->drop(); // nobody waits: what is left is the token's
    tell(Message{std::move(asked)});
  }

private:
  actor_ref<Message> to_;
};

} // namespace troupe::detail
