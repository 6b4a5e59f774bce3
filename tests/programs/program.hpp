// Programs of groups, mailboxes and deadlines as plain data, drawn from a seed, that end by construction.

#pragma once

#include <troupe/mailbox/overflow.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::tests {

/// What a statement of a fiber does. `box`, `way`, `count`, `caught` and `body` of it mean what is said here.
enum class verb : std::uint8_t {
  send,             ///< One item to `box`. `way`: `send_way`.
  permit,           ///< Reserves a slot of `box`, runs `body` with it, and then uses it or not (`way`).
  receive,          ///< From `box`. `way`: `receive_way`. Runs `body` with the item, or the items, in hand.
  drain,            ///< All of `box` until it is closed and drained, or `count` items (0: all), each with `body`.
  join,             ///< Waits until all of `box` is settled.
  close,            ///< Closes `box`.
  close_and_return, ///< The same, and takes what is queued.
  yield,
  checkpoint,
  sleep,  ///< `count` microseconds.
  limit,  ///< `body` for at most `count` microseconds; fails when they are over (`way` 1) or moves on.
  group,  ///< `body` in a task group of its own.
  house,  ///< A group to which the fiber gives its halves: `body` is nothing but starts, and then it holds none.
  start,  ///< A fiber with `body`, in the innermost group. `way`: `start_way`.
  fail,   ///< Throws.
  cancel, ///< Cancels the innermost group.
  repeat, ///< `body`, `count` times.
};

enum class send_way : std::uint8_t { made, moved, copied, tried };
enum class receive_way : std::uint8_t { one, tried, each_of_batch, whole_batch, by_child };
enum class start_way : std::uint8_t { drop_handle, wait, take_value, cancel_it };

inline constexpr std::size_t boxes_max = 3;

struct statement {
  explicit statement(verb does = verb::yield, std::size_t on = 0) : what(does), box(static_cast<std::uint8_t>(on)) {}

  verb what;
  std::uint8_t box;
  std::uint8_t way = 0;
  bool caught = false;   ///< Errors of `body` end here (limit, group, house, drain).
  unsigned count = 0;    ///< How often, how many, or microseconds; for `start` the fiber's number.
  unsigned sends = 0;    ///< start: the boxes that it gets a sender of, as bits.
  unsigned receives = 0; ///< start: the boxes that it gets a receiver, or the inbox, of.
  unsigned drains = 0;   ///< start: the boxes that are drained in it.
  std::vector<statement> body;
};

using block = std::vector<statement>;

/// Whether the first thing that the statement does is a wait.
bool begins_with_a_wait(const statement& s) noexcept;

struct box_plan {
  std::size_t capacity = 1;
  overflow on_full = overflow::suspend;
  unsigned max_age = 0;    ///< Of an item, in microseconds; 0: there is no limit.
  bool one_reader = false; ///< It has an inbox.
  bool shared = false;     ///< Others than its consumer may have receivers.
};

/// A program; the same seed gives the same one everywhere.
///
/// It ends, whatever the schedule, because each wait in it ends:
///
/// - A wait inside of a `limit` is ended by the limit. The rest is about waits outside of limits. A group is left when
/// its
///   children have ended, and a `start` is waited for by whoever started it only.
/// - *Sends and permits.* Each mailbox has one consumer, a fiber that drains it; when that ends before, or is not even
///   started, the mailbox is closed. It, and whoever holds a permit of mailbox m, waits for room only in mailboxes
///   above m, and receives nothing else meanwhile. So there is room sooner or later in the last mailbox, then in the
///   one before it, and so on.
/// - *Receives.* A fiber receives from m only if it and those who wait for it (its ancestors up to the house) hold
///   senders of mailboxes above m only. So those who hold senders of the first mailbox end, it closes, and who
///   receives from it goes on; then those of the second, and so on. The fiber of a house gives its halves away
///   before it waits.
/// - *Joins.* Who joins holds nothing, and nobody but a house waits for it; what it waits for ends without it.
/// - Loops have a count, and fibers start fibers that are written further down only.
///
/// What a program without a statement (other than a consumer's `drain`) does keeps to the rules as well.
struct program {
  std::uint64_t seed = 0;
  bool calm = false;  ///< Nothing in it but waits that end as planned: the totals are the same under each schedule.
  bool boxed = false; ///< Its items have a move that may throw, as far as the compiler knows.
  std::vector<box_plan> boxes;
  block body; ///< Starts, in the outermost group.

  static program from_seed(std::uint64_t seed);

  /// The program in a form for people.
  std::string describe() const;
  /// Whether an error may leave a fiber: it has a `fail`, a limit that fails, or takes the value of a child.
  bool may_fail() const;
  /// How many items are made at most.
  std::size_t items_max() const;
  /// Statements, those in bodies included.
  std::size_t size() const;
};

/// Calls `visit(statement)` for each one of a block and below, parents first.
template <class Block, class Visit>
void for_each_statement(Block& of, const Visit& visit) {
  for (auto& each : of) {
    visit(each);
    for_each_statement(each.body, visit);
  }
}

} // namespace troupe::tests
