// The pool of `troupe run pool`: consumers that crash and are started anew, at one bounded mailbox, and the fate of each
// message.

#pragma once

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/tools/id_ledger.hpp>
#include <troupe/tools/tree_tally.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

struct pool_options {
  std::uint64_t messages = 100'000; ///< Numbered from 1.
  std::size_t producers = 4;
  std::size_t consumers = 8;
  std::size_t capacity = 100;
  unsigned crash_percent = 1; ///< Of the deliveries; which ones the seed says.
  /// How often a message is given again after a crash, to the next run of its consumer.
  std::uint32_t redeliveries = 0;
  std::uint64_t seed = 1;
  /// Restarts within 5 s before the pool gives up. Empty: as many as the seed has crashes, so that it never does. A
  /// supervisor stops all when a fault does not go away; here each crash is another message's, and one in a hundred of
  /// them is what is to be lived with.
  std::optional<std::size_t> intensity;
  duration progress_pause = std::chrono::milliseconds{100};
};

/// Whether the delivery of a message that follows so many crashes crashes, too. The same in each run of a seed, whoever
/// handles it, and when.
bool crashes_at(const pool_options& options, std::uint64_t id, std::uint32_t crashes_before) noexcept;
/// How many crashes there are in a run that is not stopped.
std::uint64_t crashes_drawn(const pool_options& options) noexcept;

/// What the fibers of one run share, and what is left when they have ended. Outlives the tree; its tally is the sink of
/// the executor.
class pool_run {
public:
  /// `on_progress` is called now and then; false: nobody wants the result any more, stop.
  pool_run(const pool_options& with, std::function<bool(const pool_run&, instant now)> on_progress);

  struct job {
    std::uint64_t id = 0;
    std::uint32_t consumer = 0; // who has it in hand
    std::uint32_t crashes = 0;  // with it
  };
  struct alignas(64) counts { // a cache line of its own: each consumer writes its counts all the time
    std::uint64_t runs = 0;
    std::uint64_t handled = 0;
    std::uint64_t handled_again = 0; ///< Of these, messages that had crashed before.
    std::uint64_t crashes = 0;
    std::optional<job> again; ///< What it crashed with, for its next run.
  };

  /// Nobody handles it: gives it to the next run of its consumer, or notes that it was given up.
  ///
  /// @thread any; after a crash that of its consumer
  void take_undelivered(job&& item, drop_reason why) noexcept;
  /// What no run of its consumer was given again, because there was none. When all have ended.
  void give_up_rest() noexcept;
  /// By reason, as `drop_reason`.
  const std::array<std::atomic<std::uint64_t>, drop_reasons>& given_up() const noexcept { return given_up_; }

  const pool_options options;
  const std::uint64_t crashes_expected;
  const std::function<bool(const pool_run&, instant now)> listener;
  std::vector<std::string> names; ///< Of the consumers.
  std::vector<counts> consumers;
  id_ledger ids;
  tree_tally tally;
  instant begun{};
  bool unwanted = false; ///< The listener stopped it.

private:
  void give_up(const job& item, drop_reason why) noexcept;

  std::array<std::atomic<std::uint64_t>, drop_reasons> given_up_{};

public:
  mailbox<job> queue; ///< Last: what is lost with it is noted above.
};

/// Sends all messages, and handles them in consumers under a supervisor, until each has its end.
///
/// @param run outlives the tree
/// @cancel    every fiber stops; what was on its way is given up with a reason
/// @throws    `error_group` with `escalated` when there were more crashes than the intensity allows
task<> pool(pool_run& run);

/// What must hold once it has ended and the rest was given up: each id that was sent has one end, the mailbox's counts
/// agree with that, and the crashes with what the supervisor tells.
books audit(const pool_run& ended, bool whole);

/// A table of the consumers, a sentence, and the accounting. `partial` says why it was stopped; empty: it was not.
std::string report(const pool_run& ended, const books& audited, duration took, const std::string& partial);

} // namespace troupe::tools
