// What a send does when a mailbox is full, and how it ends.

#pragma once

#include <cstdint>

namespace troupe {

/// What happens to a send that finds the mailbox full. None of them is silent: what is lost is counted by
/// `drop_reason` and given to `on_undelivered`. (The names are the field's; Kotlin's `BufferOverflow` has three of
/// them.)
enum class overflow : std::uint8_t {
  suspend,     ///< It waits for room: backpressure. The default.
  reject,      ///< It returns `full` and the item is refused.
  drop_newest, ///< It returns `dropped`: what is queued stays, the new item goes.
  drop_oldest, ///< It is accepted: the item at the head of the queue goes.
  conflate,    ///< It is accepted: the item at the tail of the queue goes. At capacity 1 an inbox then holds the latest
               ///< item. For mailboxes with an `inbox`, so that items that replace each other reach the same reader.
};

/// What happened to one attempt to send.
enum class send_status : std::uint8_t {
  accepted,  ///< The item is in the mailbox.
  full,      ///< No room, or others wait for it.
  dropped,   ///< No room, and the strategy drops the newest item, which is this one.
  closed,    ///< The mailbox is closed; no send will succeed again.
  timed_out, ///< Only from `send_blocking`: there was no room until the deadline.
};

} // namespace troupe
