// Several messages at once: the opt-in to what an actor does not do by itself.

#pragma once

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/observed_scope.hpp>
#include <troupe/scope/task_group.hpp>

#include <functional>
#include <utility>

namespace troupe {

namespace detail {

template <class Message, class Handle>
task<> handle_in_child(received<Message> taken, permit<char>, Handle& handle) {
  co_await std::invoke(handle, *taken);
}

/// In a snapshot: who waits for one of these waits for a child.
struct slots_of_children {
  const mailbox_core& slots;

  void tell(node_facts& facts) const noexcept { facts.slots = slots.number(); }
};

} // namespace detail

/// Receives from `in` until it is closed and drained, and calls `handle(message&)`, which returns a task, for each
/// message in a child of its own: at most `at_most` at once. Others wait in the mailbox.
///
/// Between any two waits of one handler others may run, also on other threads: what they share must be made for that.
/// A handler that fails stops the others and fails the whole. (`for_each_concurrent` of Rust's futures is the model.)
///
/// @param in  an inbox or a receiver; must live until it has ended, and so must what `handle` refers to
/// @suspends until the last handler has ended
/// @cancel   stops all handlers; what is queued stays in `in`
/// @throws   `error_group`
template <template <class> class In, class Message, class Handle>
task<> handle_concurrently(const In<Message>& in, std::size_t at_most, Handle handle) {
  TROUPE_ASSERT(at_most > 0, "handle_concurrently() was called with 0 at once: it would never handle anything");
  const mailbox<char> slots{capacity{at_most}}; // each handler holds the permit for one
  const sender<char> free = slots.sender();
  fiber& self = co_await detail::current_fiber{};
  const detail::slots_of_children held{free.core()};
  const detail::observed_scope shown{self, cancel_scope::shielding::none, held};
  co_await in_task_group([&](task_group& group) -> task<> {
    for (;;) {
      permit<char> slot = co_await free.reserve();
      received<Message> next = co_await in.receive();
      if (!next)
        co_return;
      group.start(detail::handle_in_child<Message, Handle>, std::move(next), std::move(slot), std::ref(handle));
    }
  });
}

} // namespace troupe
