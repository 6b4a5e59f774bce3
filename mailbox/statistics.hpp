// What a mailbox has counted, and why an item was not handled.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe {

/// Why an item did not end as handled.
enum class drop_reason : std::uint8_t {
  send_cancelled, ///< Its `send` was stopped before there was room; it was never in the mailbox.
  closed,         ///< Its `send` found the mailbox closed; it was never in the mailbox.
  rejected,       ///< Its `send` found the mailbox full (`overflow::reject`); it was never in the mailbox.
  newest,         ///< The same (`overflow::drop_newest`, or nothing to make room with); it was never in the mailbox.
  oldest,         ///< It was the first in the queue when room was needed (`overflow::drop_oldest`).
  conflated,      ///< It was the last in the queue when a newer one came (`overflow::conflate`).
  no_receiver,    ///< It was queued when the last receiver went.
  crashed,        ///< An exception passed through whoever had received it.
  handling_cancelled, ///< Whoever had received it was stopped before it let go of it.
  expired,            ///< It had waited for longer than the mailbox's `max_age`, and nobody received it.
  restarting,         ///< It was an ask in the queue of an actor that is being started anew.
};
inline constexpr std::size_t drop_reasons = 11;

/// The reason's name, as in the enumeration.
std::string_view to_string(drop_reason reason) noexcept;

/// True for items that were accepted first.
constexpr bool was_in_the_mailbox(drop_reason reason) noexcept { return reason >= drop_reason::oldest; }

/// Counts of one mailbox at one moment.
///
/// `sent = settled + depth + in_hand` at every moment; once it is closed and drained and every item was let go,
/// `sent = settled = handled + returned +` all of `dropped` that was in the mailbox. A fiber that lets go of items
/// tells so when it next receives or waits, so the counts of a fiber that runs right now may be a few items behind.
struct mailbox_statistics {
  std::size_t capacity = 0;
  std::size_t depth = 0;             ///< Items queued now.
  std::size_t depth_max = 0;         ///< The most there ever were; handed straight to a receiver does not count.
  std::size_t reserved = 0;          ///< Slots held by permits.
  std::size_t senders_waiting = 0;   ///< Operations that wait for room.
  std::size_t receivers_waiting = 0; ///< Operations that wait for an item.
  std::uint64_t sent = 0;            ///< Items accepted.
  std::uint64_t settled = 0;         ///< Items received and let go, returned, or dropped after they were accepted.
  std::uint64_t in_hand = 0;         ///< Items received and not let go.
  std::uint64_t handled = 0;         ///< Items received and let go without a drop reason.
  std::uint64_t returned = 0;        ///< Items that `close_and_return` gave back.
  std::uint64_t dropped[drop_reasons] = {}; ///< By `drop_reason`.
  bool closed = false;

  std::uint64_t dropped_by(drop_reason reason) const noexcept { return dropped[static_cast<std::size_t>(reason)]; }
};

} // namespace troupe
