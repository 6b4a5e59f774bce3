#include <troupe/program/human_text.hpp>
#include <troupe/program/text_table.hpp>
#include <troupe/tools/pool.hpp>

#include <fmt/format.h>

#include <array>

namespace troupe::tools {

namespace {

struct sums {
  std::uint64_t handled = 0;
  std::uint64_t handled_again = 0;
  std::uint64_t crashes = 0;
};

sums sums_of(const pool_run& run) {
  sums all;
  for (const pool_run::counts& each : run.consumers) {
    all.handled += each.handled;
    all.handled_again += each.handled_again;
    all.crashes += each.crashes;
  }
  return all;
}

/// Reasons that came up only; a line with all of them would not fit.
void add_drops(std::vector<summand>& parts, const std::array<std::uint64_t, drop_reasons>& counts) {
  for (std::size_t i = 0; i < drop_reasons; ++i)
    if (counts[i] != 0)
      parts.push_back({to_string(static_cast<drop_reason>(i)), counts[i]});
}

book_entry given_up_by_reason(const pool_run& run, std::uint64_t given_up) {
  std::array<std::uint64_t, drop_reasons> counts{};
  for (std::size_t i = 0; i < drop_reasons; ++i)
    counts[i] = run.given_up()[i].load();
  std::vector<summand> parts;
  add_drops(parts, counts);
  if (parts.empty())
    parts.push_back({"none", 0});
  return sum_entry("given up", given_up, parts);
}

/// What came to the mailbox, and of that, how each first delivery ended.
book_entry first_deliveries(const mailbox_statistics& queue) {
  std::array<std::uint64_t, drop_reasons> counts{};
  for (std::size_t i = 0; i < drop_reasons; ++i)
    counts[i] = was_in_the_mailbox(static_cast<drop_reason>(i)) ? queue.dropped[i] : 0;
  std::vector<summand> parts{{"handled", queue.handled}};
  add_drops(parts, counts);
  return sum_entry("mailbox: accepted", queue.sent, parts);
}

} // namespace

books audit(const pool_run& ended, bool whole) {
  const mailbox_statistics queue = ended.queue.statistics();
  const id_ledger::findings ids = ended.ids.audit();
  const sums all = sums_of(ended);
  const path_counts runs = ended.tally.total();

  books entries;
  if (whole)
    entries.push_back(sum_entry("messages", ended.options.messages, {{"ids sent", ids.sent}}));
  add_ids(entries, ids);
  entries.push_back(given_up_by_reason(ended, ids.undelivered));
  entries.push_back(
      sum_entry("ids handled", ids.handled, {{"at once", queue.handled}, {"when given again", all.handled_again}}));
  entries.push_back(first_deliveries(queue));
  add_mailbox(entries, "mailbox", queue);
  if (whole)
    entries.push_back(sum_entry("crashes", all.crashes, {{"drawn from the seed", ended.crashes_expected}}));
  entries.push_back(sum_entry("crashes", all.crashes, {{"failures that the supervisor tells", runs.failures}}));
  if (whole)
    entries.push_back(sum_entry("crashes", all.crashes, {{"restarts that it tells", runs.restarts}}));
  entries.push_back(sum_entry("starts that it tells", runs.starts,
                              {{"ended", runs.ended}, {"stopped", runs.stopped}, {"abandoned", runs.abandoned}}));
  entries.push_back(sum_entry("starts without an end, or with two", ended.tally.faults().size(), {{"none", 0}}));
  return entries;
}

std::string report(const pool_run& ended, const books& audited, duration took, const std::string& partial) {
  constexpr auto right = text_table::align::right;
  text_table table{{{"child"}, {"runs", right}, {"handled", right}, {"of these again", right}, {"crashes", right}}};
  const auto row = [&](const std::string& name, std::uint64_t runs, const sums& of) {
    table.add({name, std::to_string(runs), std::to_string(of.handled), std::to_string(of.handled_again),
               std::to_string(of.crashes)});
  };
  std::uint64_t runs = 0;
  for (std::size_t i = 0; i < ended.consumers.size(); ++i) {
    const pool_run::counts& each = ended.consumers[i];
    row(ended.names[i], each.runs, {each.handled, each.handled_again, each.crashes});
    runs += each.runs;
  }
  const sums all = sums_of(ended);
  table.add_rule();
  row("all", runs, all);

  std::string text;
  if (!partial.empty())
    text += fmt::format("partial: {}; this is what was done until then\n\n", partial);
  text += table.text();
  const double seconds = std::chrono::duration<double>(took).count();
  text += fmt::format("\nhandled {} of {} messages in {} ({} messages/s), with seed {}\n\n", all.handled,
                      ended.options.messages, human_duration(took),
                      human_count(seconds > 0 ? static_cast<double>(all.handled) / seconds : 0), ended.options.seed);
  text += text_of(audited);
  for (const std::string& each : ended.ids.audit().examples)
    text += "  " + each + '\n';
  for (const std::string& each : ended.tally.faults())
    text += "  " + each + '\n';
  return text;
}

} // namespace troupe::tools
