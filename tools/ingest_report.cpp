#include <troupe/program/human_text.hpp>
#include <troupe/program/text_table.hpp>
#include <troupe/tools/ingest_report.hpp>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

double per_second(std::uint64_t count, duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::string load_of(std::string_view name, const mailbox_statistics& now) {
  return fmt::format("{} {}/{} ({} {})", name, now.depth, now.capacity, now.senders_waiting,
                     now.senders_waiting == 1 ? "waits" : "wait");
}

} // namespace

ingest_totals ingest_totals::of(const ingest_run& ended) {
  return {ended.records_read, ended.bytes_read,           ended.parsed,
          ended.rejected,     ended.records.statistics(), ended.results.statistics()};
}

std::uint64_t ingest_totals::dropped() const noexcept {
  // A parser that is stopped in its send holds the record as well, and drops that too.
  return tools::dropped(records) + tools::dropped(results) - tools::dropped(results, drop_reason::send_cancelled);
}

books audit(const ingest_totals& totals, bool whole) {
  books entries;
  std::vector<summand> parts{{"parsed", totals.parsed}, {"rejected", totals.rejected}};
  if (!whole)
    parts.push_back({"dropped", totals.dropped()});
  entries.push_back(sum_entry("read", totals.records_read, parts));
  add_mailbox(entries, "records", totals.records);
  add_mailbox(entries, "results", totals.results);
  return entries;
}

std::string report(const ingest_totals& totals, const section_totals& sections, const books& audited, duration took,
                   const std::string& partial) {
  using align = text_table::align;
  text_table table{{{"section"}, {"packages", align::right}, {"installed", align::right}}};
  const auto add = [&](const section_totals::row& row) {
    table.add({printable(row.section), std::to_string(row.packages), human_kibibytes(row.installed_kib)});
  };
  for (const section_totals::row& row : sections.by_size())
    add(row);
  table.add_rule();
  add(sections.total());

  std::string text;
  if (!partial.empty())
    text += fmt::format("partial: {}; this is what was counted until then\n\n", partial);
  text += table.text();
  text += fmt::format("\npackages {}, rejected {}; read {} records, {}, in {} ({} records/s)\n", totals.parsed,
                      totals.rejected, totals.records_read, human_bytes(totals.bytes_read), human_duration(took),
                      human_count(per_second(totals.records_read, took)));
  if (totals.dropped() != 0)
    text += fmt::format("dropped {}; from records: {}; from results: {}\n", totals.dropped(),
                        dropped_by_reason(totals.records), dropped_by_reason(totals.results));
  return text + '\n' + text_of(audited);
}

// What matters most comes first: the line is cut where a terminal is narrow.
std::string ingest_progress_text::operator()(const ingest_progress& now) {
  constexpr double weight_of_now = 0.3; // of each look; smooth enough to be read
  const bool first = at_ == instant{};
  const duration since = first ? now.elapsed : now.now - at_;
  const double rate = per_second(now.records_read - records_, since);
  rate_ = first ? rate : weight_of_now * rate + (1 - weight_of_now) * rate_;
  at_ = now.now;
  records_ = now.records_read;
  return fmt::format("{} record{}, {}/s, {}, {}, {}", now.records_read, now.records_read == 1 ? "" : "s",
                     human_count(rate_), load_of("records", now.records), load_of("results", now.results),
                     human_bytes(now.bytes_read));
}

} // namespace troupe::tools
