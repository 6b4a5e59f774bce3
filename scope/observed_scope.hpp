// A scope of a layer above that says what it is, in a snapshot.

#pragma once

#include <troupe/scope/cancel_scope.hpp>
#include <troupe/scope/snapshot.hpp>

#include <cstdint>
#include <string_view>
#include <typeinfo>

namespace troupe::detail {

/// What the scopes of a fiber say of it. No strings to copy: it is filled under the locks of a walk.
struct node_facts {
  node_kind kind = node_kind::fiber;
  std::string_view state; ///< A literal.
  std::uint64_t incarnation = 0;
  bool has_mailbox = false;
  mailbox_seen mailbox;
  std::uint64_t slots = 0; ///< By its number that of which its children hold the permits; 0: none.
  const std::type_info* in_hand = nullptr;
  coarse_time in_hand_since = 0;
};

/// What is handed up to `observed_scope`; a base of its own, because it must be there before others see the scope.
class observed {
protected:
  template <class What>
  explicit observed(const What& what) noexcept
      : what_(&what),
        tell_([](const void* it, node_facts& facts) noexcept { static_cast<const What*>(it)->tell(facts); }) {}

  const void* what_;
  void (*tell_)(const void* what, node_facts& facts) noexcept;
};

/// A snapshot that meets this scope calls `what.tell(node_facts&)`, on its own thread and under the locks of the fibers
/// on its path. That takes no lock which is held while a fiber's is taken, and runs no code of users.
///
/// `what` must outlive the scope.
class observed_scope : private observed, public cancel_scope {
public:
  template <class What>
  observed_scope(fiber& owner, shielding kind, const What& what) noexcept
      : observed(what), cancel_scope(owner, kind, role::observed) {}

  /// @pre `scope` has the role
  static void tell(const cancel_scope& scope, node_facts& facts) noexcept {
    const auto& seen = static_cast<const observed_scope&>(scope);
    seen.tell_(seen.what_, facts);
  }
};

} // namespace troupe::detail
