// What keeps the state of a mailbox, whatever it holds, without being one of its halves.

#pragma once

#include <troupe/mailbox/inbox.hpp>

#include <utility>

namespace troupe::detail {

/// For whoever looks at the mailbox of a reader that may let go of it meanwhile.
class mailbox_hold {
public:
  template <class T>
  explicit mailbox_hold(const inbox<T>& read) noexcept : held_(&*read.state_) {
    held_->add(mailbox_core::holder::neither);
  }
  mailbox_hold(mailbox_hold&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  mailbox_hold& operator=(mailbox_hold&&) = delete;
  ~mailbox_hold() {
    if (held_ != nullptr)
      held_->let_go(mailbox_core::holder::neither);
  }

  /// @pre not moved from
  void tell(node_facts& facts) const noexcept { held_->tell(facts); }

private:
  mailbox_core* held_;
};

} // namespace troupe::detail
