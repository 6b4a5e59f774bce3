#include <troupe/topology/report.hpp>

#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace troupe::topology {

namespace {

constexpr std::array<std::string_view, 15> edge_names{
    "sent",      "handled",     "dropped", "send_cancelled",     "closed",  "rejected",   "newest",   "oldest",
    "conflated", "no_receiver", "crashed", "handling_cancelled", "expired", "restarting", "depth_max"};

template <class Of>
using counter = std::pair<std::string_view, std::uint64_t Of::*>;

constexpr std::array node_counters{counter<node_counts>{"runs", &node_counts::runs},
                                   counter<node_counts>{"restarts", &node_counts::restarts},
                                   counter<node_counts>{"crashes", &node_counts::crashes},
                                   counter<node_counts>{"handled", &node_counts::handled},
                                   counter<node_counts>{"late", &node_counts::late},
                                   counter<node_counts>{"answers", &node_counts::answers},
                                   counter<node_counts>{"failed_asks", &node_counts::failed_asks}};
constexpr std::array supervisor_counters{counter<supervisor_counts>{"runs", &supervisor_counts::runs},
                                         counter<supervisor_counts>{"restarts", &supervisor_counts::restarts},
                                         counter<supervisor_counts>{"gave_up", &supervisor_counts::gave_up}};

template <class Counters>
constexpr auto names_of(const Counters& counters) noexcept {
  std::array<std::string_view, std::tuple_size_v<Counters>> names{};
  std::transform(counters.begin(), counters.end(), names.begin(), [](const auto& each) { return each.first; });
  return names;
}
constexpr auto node_names = names_of(node_counters);
constexpr auto supervisor_names = names_of(supervisor_counters);

template <class Of, class Counters>
std::optional<std::uint64_t> counted_in(const Of& of, const Counters& counters, std::string_view what) noexcept {
  for (const auto& [name, count] : counters)
    if (name == what)
      return of.*count;
  return std::nullopt;
}

std::string wanted_text(const range& in) {
  if (in.least == in.most)
    return fmt::format("exactly {}", in.least);
  if (in.least == 0)
    return fmt::format("at most {}", in.most);
  if (in.most == range{}.most)
    return fmt::format("at least {}", in.least);
  return fmt::format("from {} to {}", in.least, in.most);
}

/// Whether the text of a cycle names an actor of that node: by its whole path, or as the beginning of that of one below.
bool names_node(const report& in, const std::string& node) {
  for (const node_counts& each : in.nodes)
    for (const std::string& path : each.paths)
      for (std::size_t at = each.name == node ? in.text.find(path) : in.text.npos; at != in.text.npos;
           at = in.text.find(path, at + 1)) {
        const std::size_t behind = at + path.size();
        if (behind == in.text.size() || in.text[behind] == ' ' || in.text[behind] == '/')
          return true;
      }
  return false;
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
  if (const auto found = counted_in(node, node_counters, what))
    return found;
  for (const auto& [name, number] : node.counters)
    if (name == what)
      return number;
  return std::nullopt;
}

std::optional<std::uint64_t> count_of(const supervisor_counts& supervisor, std::string_view what) noexcept {
  return counted_in(supervisor, supervisor_counters, what);
}

std::vector<std::string> compare(const expectation& wanted, const report& with) {
  std::vector<std::string> otherwise;
  if (wanted.ends && *wanted.ends != with.ended)
    otherwise.push_back(fmt::format("it ended as {}{}{}, expected {}", to_string(with.ended),
                                    with.text.empty() ? "" : ": ", with.text, to_string(*wanted.ends)));
  if (!wanted.ends && wanted.error.empty() && !with.text.empty()) // nobody need say that a run is to end well
    otherwise.push_back(fmt::format("no \"ends\" expects that it ends as {}: {}", to_string(with.ended), with.text));
  if (!wanted.gives_up.empty() && wanted.gives_up != with.gave_up)
    otherwise.push_back(fmt::format("{} gave up first, expected {}",
                                    with.gave_up.empty() ? "no supervisor" : quoted(with.gave_up),
                                    quoted(wanted.gives_up)));
  for (const std::string& each : wanted.cycle)
    if (!names_node(with, each))
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
