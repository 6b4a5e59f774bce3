#include <troupe/program/human_text.hpp>
#include <troupe/program/text_table.hpp>
#include <troupe/streams/system_socket.hpp>
#include <troupe/tools/load_report.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <mutex>

namespace troupe::tools {

namespace {

double per_second(std::uint64_t count, duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

struct share {
  const char* name;
  double of_all;
};
constexpr share shares[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};

std::string quantiles(const latency_histogram& of) {
  std::string text;
  for (const share& each : shares)
    text += fmt::format("{} {}, ", each.name, human_duration(of.quantile(each.of_all)));
  return text + "max " + human_duration(of.max());
}

std::int64_t microseconds(duration of) { return std::chrono::duration_cast<std::chrono::microseconds>(of).count(); }

nlohmann::ordered_json json_of(const latency_histogram& of) {
  nlohmann::ordered_json all;
  all["count"] = of.count();
  for (const share& each : shares)
    all[each.name] = microseconds(of.quantile(each.of_all));
  all["max"] = microseconds(of.max());
  return all;
}

load_counts counts_of(load_run& run) {
  const std::lock_guard held{run.lock};
  return run.counts;
}

std::string title(const load_options& options, duration took) {
  const std::string loop =
      options.rate == 0 ? "each asks when it is answered" : fmt::format("{} requests/s by the clock", options.rate);
  return fmt::format("load of {}: {} connections, {}, {}\n", detail::host_and_port(options.host, options.port),
                     options.connections, loop, human_duration(took));
}

} // namespace

std::string progress_text(load_run& running, instant now) {
  const load_counts counts = counts_of(running);
  const duration took = now - running.begun;
  return fmt::format("{}: {} requests, {} committed/s, p99 {}", human_duration(took),
                     human_count(static_cast<double>(counts.requests())), human_count(per_second(counts.of[0], took)),
                     human_duration(counts.committed.quantile(0.99)));
}

std::string report(load_run& ended, duration took, const std::string& partial) {
  const load_counts counts = counts_of(ended);
  std::string text;
  if (!partial.empty())
    text += fmt::format("partial: {}; this is what was done until then\n\n", partial);
  text += title(ended.options, took) + '\n';

  using align = text_table::align;
  text_table table{{{""}, {"requests", align::right}, {"per second", align::right}}};
  const auto row = [&](std::string_view what, std::uint64_t count) {
    table.add({std::string(what), std::to_string(count), fmt::format("{:.0f}", per_second(count, took))});
  };
  row("all", counts.requests());
  row("answered", counts.answered());
  table.add_rule();
  for (std::size_t i = 0; i < request_end_count; ++i)
    if (counts.of[i] != 0 || i == 0)
      row(to_string(static_cast<request_end>(i)), counts.of[i]);
  text += table.text();
  text += fmt::format("\n{} retries, {} answers to a key that was committed before, {} connections lost\n",
                      counts.retries, counts.repeated, counts.connections_lost);
  if (const std::uint64_t late = counts.of[static_cast<std::size_t>(request_end::not_sent)]; late != 0)
    text += fmt::format("{} were not sent, because all connections were busy: try more --connections\n", late);
  if (!counts.refused_as.empty())
    text += fmt::format("the first that was refused: {}\n", counts.refused_as);
  if (counts.committed.count() != 0)
    text +=
        fmt::format("\nlatency of what was committed: {}\n{}", quantiles(counts.committed), counts.committed.chart());
  if (counts.answered_otherwise.count() != 0)
    text += fmt::format("\nlatency of other answers: {}\n", quantiles(counts.answered_otherwise));
  return text;
}

std::string report_as_json(load_run& ended, duration took, const std::string& partial) {
  const load_counts counts = counts_of(ended);
  nlohmann::ordered_json all;
  all["seconds"] = std::chrono::duration<double>(took).count();
  all["partial"] = partial;
  all["requests"] = counts.requests();
  all["answered"] = counts.answered();
  all["requests_per_second"] = per_second(counts.requests(), took);
  all["committed_per_second"] = per_second(counts.of[0], took);
  for (std::size_t i = 0; i < request_end_count; ++i)
    all["outcomes"][std::string(to_string(static_cast<request_end>(i)))] = counts.of[i];
  all["repeated"] = counts.repeated;
  all["retries"] = counts.retries;
  all["connections_lost"] = counts.connections_lost;
  all["first_refused"] = counts.refused_as;
  all["latency_us"]["committed"] = json_of(counts.committed);
  all["latency_us"]["other_answers"] = json_of(counts.answered_otherwise);
  return all.dump() + '\n';
}

std::string failure_of(load_run& ended) {
  const load_counts counts = counts_of(ended);
  const auto of = [&](request_end what) { return counts.of[static_cast<std::size_t>(what)]; };
  const std::string where = detail::host_and_port(ended.options.host, ended.options.port);
  if (const std::uint64_t none = of(request_end::no_connection); none != 0)
    return fmt::format("{} requests had no connection to {} in time{}\n  try:  see whether the service still runs",
                       none, where, counts.unreachable_by.empty() ? "" : ": " + counts.unreachable_by);
  if (const std::uint64_t lost = of(request_end::connection_lost); lost != 0)
    return fmt::format("{} requests lost their connection to {}, and whether they were done is not known\n"
                       "  try:  more --retries, or a longer --deadline for them",
                       lost, where);
  if (const std::uint64_t refused = of(request_end::refused); refused != 0 && refused == counts.requests())
    return fmt::format("{} has refused all of {} requests, the first with {}", where, refused, counts.refused_as);
  return {};
}

} // namespace troupe::tools
