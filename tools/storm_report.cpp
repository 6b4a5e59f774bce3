#include <troupe/program/human_text.hpp>
#include <troupe/program/text_table.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/escalated.hpp>
#include <troupe/tools/storm.hpp>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr std::size_t rows_max = 10; // of the workers of one section; more are added up

std::string path_of(const storm_section& section) { return fmt::format("/app/{}", section.name); }

struct sums {
  path_counts told; // of all children
  path_counts told_of_workers;
  std::uint64_t starts = 0;  // that the supervisors have counted
  std::uint64_t runs = 0;    // that the workers have counted
  std::uint64_t crashes = 0; // the same
  std::uint64_t differ = 0;  // paths of which supervisors and events say something else
};

sums sums_of(const storm_run& run) {
  sums all;
  const auto add = [&](const std::string& path) {
    const path_counts told = run.tally.of(path);
    const std::uint64_t starts = run.starts_of(path);
    all.starts += starts;
    all.differ += starts != told.starts ? 1 : 0;
    return told;
  };
  add("/app/archive");
  for (std::size_t i = 0; i < storm_sections.size(); ++i) {
    add(path_of(storm_sections[i]));
    for (const storm_run::worker& each : run.workers_of(i)) {
      all.told_of_workers += add(each.path);
      all.runs += each.runs.load();
      all.crashes += each.crashes.load();
    }
  }
  all.told = run.tally.total();
  return all;
}

class paths_table {
public:
  void add(const std::string& path, const path_counts& of, bool is_supervisor) {
    table_.add({path, std::to_string(of.starts), std::to_string(of.restarts), std::to_string(of.failures),
                std::to_string(of.stopped), std::to_string(of.abandoned),
                is_supervisor ? std::to_string(of.escalations) : ""});
  }
  void add_rule() { table_.add_rule(); }
  std::string text() const { return table_.text(); }

private:
  static constexpr auto right = text_table::align::right;
  text_table table_{{{"path"},
                     {"starts", right},
                     {"restarts", right},
                     {"failures", right},
                     {"stopped", right},
                     {"abandoned", right},
                     {"escalations", right}}};
};

std::string table_of(const storm_run& run) {
  paths_table table;
  table.add("/app", run.tally.of("/app"), true);
  table.add("/app/archive", run.tally.of("/app/archive"), false);
  for (std::size_t i = 0; i < storm_sections.size(); ++i) {
    const std::string path = path_of(storm_sections[i]);
    table.add(path, run.tally.of(path), true);
    const std::vector<storm_run::worker>& workers = run.workers_of(i);
    path_counts sum;
    for (const storm_run::worker& each : workers) {
      const path_counts told = run.tally.of(each.path);
      sum += told;
      if (workers.size() <= rows_max)
        table.add(each.path, told, false);
    }
    if (workers.size() > rows_max)
      table.add(fmt::format("{} to {}", workers.front().path, workers.size()), sum, false);
  }
  table.add_rule();
  table.add("all", run.tally.total(), true);
  return table.text();
}

} // namespace

books audit(const storm_run& ended) {
  const sums all = sums_of(ended);
  const auto alive = static_cast<std::uint64_t>(ended.alive.load());
  return {
      sum_entry("starts", all.told.starts,
                {{"ended", all.told.ended}, {"stopped", all.told.stopped}, {"abandoned", all.told.abandoned}}),
      sum_entry("starts without an end, or with two", ended.tally.faults().size(), {{"none", 0}}),
      sum_entry("starts", all.told.starts, {{"starts that the supervisors have counted", all.starts}}),
      sum_entry("paths of which these differ", all.differ, {{"none", 0}}),
      sum_entry("starts of workers", all.told_of_workers.starts, {{"runs that the workers have counted", all.runs}}),
      sum_entry("failures of workers", all.told_of_workers.failures,
                {{"crashes that the workers have counted", all.crashes}}),
      sum_entry("alive at the end", alive, {{"none", 0}}),
  };
}

std::string chain_of(const std::exception_ptr& error) {
  std::string text;
  std::size_t level = 0;
  const auto add = [&](const std::string& line) {
    text += level == 0 ? line : std::string(2 * level, ' ') + "because " + line;
    ++level;
  };
  std::exception_ptr next = error;
  while (next) {
    try {
      std::rethrow_exception(std::exchange(next, nullptr));
    } catch (const escalated& gave_up) {
      if (gave_up.failures().empty())
        break;
      const child_failure& last = gave_up.failures().back();
      add(fmt::format("{} #{} failed{}\n", last.path, last.incarnation,
                      gave_up.why() == escalation::budget ? ", and the budget has no restart left"
                                                          : ", and that was one restart too many"));
      next = last.reason.error;
    } catch (const start_failed& failed) {
      add(std::string(failed.what()) + '\n');
      next = failed.cause();
    } catch (...) {
      if (level != 0)
        add(fmt::format("it {}\n", message_of(std::current_exception())));
    }
  }
  return text;
}

std::string report(const storm_run& ended, const books& audited, duration took, const std::string& partial) {
  std::string text = "\n";
  if (!partial.empty())
    text += fmt::format("partial: {}; this is what was done until then\n\n", partial);
  if (ended.gave_up)
    text += "/app gave up:\n" + chain_of(ended.gave_up) + '\n';
  text += table_of(ended);
  const path_counts all = ended.tally.total();
  text += fmt::format("\n{} failures, {} restarts and {} escalations in {}, with seed {}\n\n", all.failures,
                      all.restarts, all.escalations, human_duration(took), ended.options.seed);
  text += text_of(audited);
  for (const std::string& each : ended.tally.faults())
    text += "  " + each + '\n';
  return text;
}

} // namespace troupe::tools
