#include <troupe/topology/report.hpp>

#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace troupe::topology {

namespace {

constexpr std::array<std::string_view, 15> edge_names{
    "sent",      "handled",     "dropped", "send_cancelled",     "closed",  "rejected",   "newest",   "oldest",
    "conflated", "no_receiver", "crashed", "handling_cancelled", "expired", "restarting", "depth_max"};
constexpr std::array<std::string_view, 7> node_names{"runs", "restarts", "crashes",    "handled",
                                                     "late", "answers",  "failed_asks"};
constexpr std::array<std::string_view, 3> supervisor_names{"runs", "restarts", "gave_up"};

std::string wanted_text(const range& in) {
  if (in.least == in.most)
    return fmt::format("exactly {}", in.least);
  if (in.least == 0)
    return fmt::format("at most {}", in.most);
  if (in.most == range{}.most)
    return fmt::format("at least {}", in.least);
  return fmt::format("from {} to {}", in.least, in.most);
}

template <class Counted>
void compare_counts(const std::vector<expected_count>& wanted, const std::vector<Counted>& there, const char* sort,
                    std::vector<std::string>& otherwise) {
  for (const expected_count& each : wanted) {
    const std::optional<std::uint64_t> is =
        each.whose < there.size() ? count_of(there[each.whose], each.what) : std::nullopt;
    if (!is)
      otherwise.push_back(fmt::format("nobody counts {} of {} {}", each.what, sort, each.whose));
    else if (!each.in.contains(*is))
      otherwise.push_back(fmt::format("{} of {} {} is {}, expected {}", each.what, sort, quoted(there[each.whose].name),
                                      *is, wanted_text(each.in)));
  }
}

} // namespace

std::uint64_t edge_counts::dropped() const noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t each : counts.dropped)
    sum += each;
  return sum;
}

std::span<const std::string_view> names_of_edge_counts() noexcept { return edge_names; }
std::span<const std::string_view> names_of_node_counts() noexcept { return node_names; }
std::span<const std::string_view> names_of_supervisor_counts() noexcept { return supervisor_names; }

std::optional<std::uint64_t> count_of(const edge_counts& edge, std::string_view what) noexcept {
  if (what == "sent")
    return edge.offered;
  if (what == "handled")
    return edge.counts.handled;
  if (what == "dropped")
    return edge.dropped();
  if (what == "depth_max")
    return edge.counts.depth_max;
  for (std::size_t i = 0; i < drop_reasons; ++i)
    if (to_string(static_cast<drop_reason>(i)) == what)
      return edge.counts.dropped[i];
  return std::nullopt;
}

std::optional<std::uint64_t> count_of(const node_counts& node, std::string_view what) noexcept {
  if (what == "runs")
    return node.runs;
  if (what == "restarts")
    return node.restarts;
  if (what == "crashes")
    return node.crashes;
  if (what == "handled")
    return node.handled;
  if (what == "late")
    return node.late;
  if (what == "answers")
    return node.answers;
  if (what == "failed_asks")
    return node.failed_asks;
  for (const auto& [name, number] : node.counters)
    if (name == what)
      return number;
  return std::nullopt;
}

std::optional<std::uint64_t> count_of(const supervisor_counts& supervisor, std::string_view what) noexcept {
  if (what == "runs")
    return supervisor.runs;
  if (what == "restarts")
    return supervisor.restarts;
  if (what == "gave_up")
    return supervisor.gave_up;
  return std::nullopt;
}

std::vector<std::string> compare(const expectation& wanted, const report& with) {
  std::vector<std::string> otherwise;
  if (wanted.ends && *wanted.ends != with.ended)
    otherwise.push_back(fmt::format("it ended as {}{}{}, expected {}", to_string(with.ended),
                                    with.text.empty() ? "" : ": ", with.text, to_string(*wanted.ends)));
  if (!wanted.gives_up.empty() && wanted.gives_up != with.gave_up)
    otherwise.push_back(fmt::format("{} gave up first, expected {}",
                                    with.gave_up.empty() ? "no supervisor" : quoted(with.gave_up),
                                    quoted(wanted.gives_up)));
  for (const std::string& each : wanted.cycle)
    if (with.text.find('/' + each) == with.text.npos)
      otherwise.push_back(
          fmt::format("{} is not in the cycle, which is {}", quoted(each), with.text.empty() ? "empty" : with.text));
  if (!wanted.error.empty() && with.text.find(wanted.error) == with.text.npos)
    otherwise.push_back(fmt::format("its error is {}, expected one with {}",
                                    with.text.empty() ? "none" : quoted(with.text), quoted(wanted.error)));
  compare_counts(wanted.nodes, with.nodes, "node", otherwise);
  compare_counts(wanted.supervisors, with.supervisors, "supervisor", otherwise);
  compare_counts(wanted.edges, with.edges, "edge", otherwise);
  return otherwise;
}

} // namespace troupe::topology
