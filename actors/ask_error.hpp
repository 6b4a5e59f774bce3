// How an ask can end, beside the value and the callee's own error.

#pragma once

#include <troupe/mailbox/statistics.hpp>
#include <troupe/scope/would_deadlock.hpp>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace troupe {

/// Why an ask gave no answer, and with it the fate of what was asked for.
enum class ask_failure : std::uint8_t {
  receiver_down,  ///< The actor has ended. Nothing was begun.
  overflow,       ///< Its mailbox was full, and does not make senders wait. Nothing was begun.
  expired,        ///< It had waited for longer than the actor's `max_age`. Nothing was begun.
  restarting,     ///< It was queued while the actor was started anew. Nothing was begun; see `handed_back`.
  not_started,    ///< The deadline passed, or the asker was stopped, before it was begun. It never will be.
  aborted,        ///< It was begun, and stopped: by its deadline, by its asker's stop, or with its actor.
  would_deadlock, ///< The actor, or who it waits for, waits for the asker: `what()` names them all.
  broken_promise, ///< It was begun, and the reply was dropped without an answer.
  in_doubt,       ///< It was begun, and did not end in the time that the asker waits for its fate.
};

/// The failure's name, as in the enumeration.
std::string_view to_string(ask_failure why) noexcept;

/// The error of an ask that was not answered.
class ask_error : public std::runtime_error {
public:
  explicit ask_error(ask_failure why);
  ask_error(const would_deadlock& cycle, bool begun);
  /// `restarting`, with the message.
  template <class M>
  explicit ask_error(std::shared_ptr<M> message)
      : ask_error(ask_failure::restarting, std::shared_ptr<void>(std::move(message)), typeid(M)) {}

  ask_failure why() const noexcept { return why_; }
  /// True when it is known that nothing was begun: asking again cannot do anything twice.
  bool nothing_begun() const noexcept { return !begun_; }
  /// Of `restarting`: the message as it was sent, for who wants to send it again, its `reply` empty. Null: it is no `M`.
  template <class M>
  M* handed_back() const noexcept {
    return message_ != nullptr && *type_ == typeid(M) ? static_cast<M*>(message_.get()) : nullptr;
  }

private:
  ask_error(ask_failure why, std::shared_ptr<void> message, const std::type_info& type);

  ask_failure why_;
  bool begun_;
  std::shared_ptr<void> message_;
  const std::type_info* type_ = nullptr;
};

namespace detail {

/// What an ask is told whose message was dropped before it was begun.
ask_failure failure_of(drop_reason reason) noexcept;

} // namespace detail

} // namespace troupe
