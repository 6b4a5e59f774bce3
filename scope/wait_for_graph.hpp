// Who waits for whom, where one fiber alone can end a wait: a cycle of such waits is found when it closes.

#pragma once

#include <troupe/scope/fiber.hpp>

#include <optional>
#include <string>

namespace troupe::detail {

/// The open waits that depend on one fiber alone (`waitable::owner`), of fibers that others may wait for.
///
/// A wait that is not in it is taken for one that can end: that of a fiber under a `move_on_after`, which has a way
/// out, and of one with children of its own, which may do in its place what others wait for. So what is reported is a
/// cycle in which nobody can go on, short of a cancel or a limit; not every such cycle is reported.
///
/// (Chandy, Misra and Haas, "Distributed deadlock detection", 1983, for the AND model with one outgoing edge each: an
/// edge is published before it is followed, so whoever closes a cycle last sees all of it.)
class wait_for_graph {
public:
  /// From `await_suspend`, in no lock: the wait of `self` for `on` is open. Gives the cycle that it closes, and then it
  /// is not in the graph; the operation takes the wait back.
  static std::optional<std::string> add(fiber& self, const waitable& on) noexcept;
  /// The wait has ended, or is taken back. Before `on` goes.
  static void remove(fiber& self) noexcept {
    if (self.in_wait_for_graph_) [[unlikely]]
      take_out(self);
  }

private:
  static bool counts(fiber& self) noexcept;
  static bool put_in(fiber& self, const waitable& on) noexcept;
  static void take_out(fiber& self) noexcept;
};

} // namespace troupe::detail
