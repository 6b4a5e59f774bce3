// What `troupe run ingest` prints: the progress line, the table and the accounting.

#pragma once

#include <troupe/program/books.hpp>
#include <troupe/tools/ingest.hpp>

#include <string>

namespace troupe::tools {

/// The counts of a run that has ended.
struct ingest_totals {
  std::uint64_t records_read = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t parsed = 0;
  std::uint64_t rejected = 0;
  mailbox_statistics records;
  mailbox_statistics results;

  static ingest_totals of(const ingest_run& ended);

  /// Records that were read and never counted: dropped from a mailbox, or by a fiber that was stopped. A record whose
  /// result could not be sent is in the books of both mailboxes and counts once here.
  std::uint64_t dropped() const noexcept;
};

/// What must hold: of a whole run read = parsed + rejected, of one that was stopped read = parsed + rejected + dropped,
/// and of both what `add_mailbox` says.
books audit(const ingest_totals& totals, bool whole);

/// Table, totals and accounting. `partial` says why the run was stopped; empty: it was not.
std::string report(const ingest_totals& totals, const section_totals& sections, const books& audited, duration took,
                   const std::string& partial);

/// One line on how far a run is. Keeps the last moment, so that the rate is that of now.
class ingest_progress_text {
public:
  std::string operator()(const ingest_progress& now);

private:
  instant at_{};
  std::uint64_t records_ = 0;
  double rate_ = 0;
};

} // namespace troupe::tools
