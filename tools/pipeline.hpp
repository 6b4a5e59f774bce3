// The pipeline of `troupe run pipeline`: a producer, a bounded mailbox, and consumers, one of which may fail.

#pragma once

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/program/books.hpp>
#include <troupe/scope/task_group.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

struct pipeline_options {
  std::uint64_t items = 10'000; ///< Numbered from 1.
  std::size_t consumers = 8;
  std::size_t capacity = 100;
  std::optional<std::uint64_t> fail_at; ///< The item at which its consumer throws.
  duration progress_pause = std::chrono::milliseconds{100};
};

/// What the fibers of one run share, and what is left when they have ended. Outlives the tree.
struct pipeline_run {
  /// `on_progress` is called now and then; false: nobody wants the result any more, stop.
  pipeline_run(const pipeline_options& with, std::function<bool(const pipeline_run&, instant now)> on_progress)
      : options(with), listener(std::move(on_progress)), queue(capacity{with.capacity}), consumers(with.consumers) {}

  struct alignas(64) counts { // a cache line of its own: each consumer writes its counts all the time
    std::uint64_t handled = 0;
    std::uint64_t sum = 0;
  };

  const pipeline_options options;
  const std::function<bool(const pipeline_run&, instant now)> listener;
  mailbox<std::uint64_t> queue;
  std::vector<counts> consumers;
  std::uint64_t produced = 0;
  std::vector<child<>> children; ///< The producer, then the consumers.
  instant begun{};
  bool unwanted = false; ///< The listener stopped it.
};

/// Runs the pipeline in one task group, until all items are handled.
///
/// @param run outlives the tree
/// @cancel    every fiber stops; what was on its way is dropped with a reason
/// @throws    `error_group` when a consumer failed; the others were stopped
task<> pipeline(pipeline_run& run);

/// What must hold once it has ended: produced = sent + dropped before, sent = handled + dropped after, the consumers'
/// counts against the mailbox's, and of a whole run the sum of all items.
books audit(const pipeline_run& ended, bool whole);

/// A table of the children, the failures, and the accounting. `partial` says why it was stopped; empty: it was not.
std::string report(const pipeline_run& ended, const outcome<>& how, const books& audited, duration took,
                   const std::string& partial);

} // namespace troupe::tools
