// The reading half of a mailbox whose reader comes and goes.

#pragma once

#include <troupe/mailbox/mailbox.hpp>

#include <cstdint>
#include <mutex>
#include <utility>

namespace troupe::detail {

/// What a supervisor keeps of an actor's mailbox while its reader is started anew: as long as this is there, the mailbox
/// has a reading half, and what is queued stays.
///
/// @thread owner, but for what says otherwise
template <class T>
class lasting_inbox {
public:
  /// Takes the one reading half of a mailbox that has none.
  explicit lasting_inbox(const mailbox<T>& of) noexcept : state_(*of.state_) {
    state_->be_served();
    state_->read_by_one();
  }

  /// What a reader lets go of as crashed is given again at the next receive, before what is queued, so often. Before it
  /// is lent.
  void give_again_at_most(std::uint16_t times) const { state_->give_again_at_most(times); }
  /// The inbox of the next reader. The one before has gone.
  inbox<T> lend() const noexcept {
    state_->forget_reader();
    return inbox<T>{*state_};
  }

  /// Drops what is queued and `which(item)`; the rest stays, in its order. While no inbox is lent.
  template <class Which>
  void drop_if(Which which, drop_reason reason) const noexcept {
    state_->drop_queued_if(which, reason);
  }
  /// Closes it, and drops what is queued.
  void close_and_drop() const noexcept {
    state_->close();
    state_->drop_queued();
  }
  /// Closes it. What is queued can still be received.
  ///
  /// @thread any
  void close() const noexcept { state_->close(); }
  /// It takes items again.
  void reopen() const noexcept { state_->reopen(); }
  /// @thread any
  const mailbox_core& core() const noexcept { return *state_; }
  /// @thread any
  bool closed() const noexcept {
    const std::lock_guard held{state_->lock()};
    return state_->closed();
  }

private:
  state_pointer<T, half::receiver> state_;
};

} // namespace troupe::detail
