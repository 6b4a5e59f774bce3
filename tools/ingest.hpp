// The pipeline of `troupe run ingest`: reader, parsers and aggregator with a bounded mailbox between each two.

#pragma once

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/tools/byte_source.hpp>
#include <troupe/tools/record_parser.hpp>
#include <troupe/tools/record_splitter.hpp>
#include <troupe/tools/section_totals.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::tools {

struct ingest_options {
  std::size_t parsers = 8;
  std::size_t capacity = 100; ///< Of each of the two mailboxes.
  std::size_t record_bytes_max = record_splitter::record_bytes_max_default;
  duration progress_pause = std::chrono::milliseconds{100};
};

/// How far a run is, at one moment.
struct ingest_progress {
  instant now;
  duration elapsed{};
  std::uint64_t records_read = 0;
  std::uint64_t bytes_read = 0;
  mailbox_statistics records;
  mailbox_statistics results;
};

/// What a run tells while it goes on. Called on the run's threads, several at once; must not wait.
class ingest_listener {
public:
  virtual ~ingest_listener() = default;

  virtual void on_rejected(const rejection& rejected) = 0;
  /// @returns false: nobody wants the result any more, stop
  virtual bool on_progress(const ingest_progress& now) = 0;
};

/// What the fibers of one run share, and what is left when they have ended, however they did.
///
/// It outlives the tree: a cancelled run has its counts here.
struct ingest_run {
  ingest_run(byte_source& from, ingest_listener& told, const ingest_options& with)
      : input(from), listener(told), options(with), records(capacity{with.capacity}), results(capacity{with.capacity}) {
  }

  ingest_progress progress(instant now) const;

  byte_source& input;
  ingest_listener& listener;
  const ingest_options options;
  mailbox<record> records;        ///< From the reader to the parsers.
  mailbox<parsed_record> results; ///< From the parsers to the aggregator.

  std::atomic<std::uint64_t> records_read{0}; // written by the reader, read by the progress
  std::atomic<std::uint64_t> bytes_read{0};
  // The aggregator's own, until the run has ended:
  section_totals sections;
  std::uint64_t parsed = 0;
  std::uint64_t rejected = 0;
  // The others' own, until the run has ended:
  instant begun{};
  std::string input_error; ///< Not empty: the input could not be read to its end.
  bool unwanted = false;   ///< The listener stopped it.
};

/// Runs the pipeline in one task group, until the input has ended and all of it is counted.
///
/// An input that fails is counted up to there, and the failure kept in `run`.
///
/// @param run outlives the tree
/// @cancel    every fiber stops; what was on its way is dropped with a reason
task<> ingest(ingest_run& run);

} // namespace troupe::tools
