#include <troupe/observe/scene.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace troupe::detail {

namespace {

/// How much it needs to be seen. Coarse, so that who is shown does not change with each message.
auto need_of(const tree_node& node) {
  constexpr std::array<std::string_view, 5> by_need{"running", "starting", "stopping", "down", "backing_off"};
  const auto state = std::find(by_need.begin(), by_need.end(), node.state) - by_need.begin();
  const std::size_t fill =
      node.mailbox && node.mailbox->capacity != 0 ? 4 * node.mailbox->depth / node.mailbox->capacity : 0;
  return std::make_tuple(state == static_cast<std::ptrdiff_t>(by_need.size()) ? 0 : state, fill,
                         std::min<std::uint64_t>(node.restarts(), 8));
}

} // namespace

std::vector<bool> shown_nodes(const tree_snapshot& seen, std::size_t children_max, const std::vector<bool>& must_show) {
  std::vector<std::vector<std::size_t>> children(seen.nodes.size());
  for (std::size_t at = 1; at < seen.nodes.size(); ++at)
    if (seen.nodes[at].kind != node_kind::caretaker)
      children[seen.nodes[at].parent].push_back(at);
  std::vector<bool> shown(seen.nodes.size(), true);
  for (auto& each : children) {
    if (each.size() <= children_max)
      continue;
    const std::size_t kept = std::min(shown_of_many, children_max);
    std::partial_sort(each.begin(), each.begin() + static_cast<std::ptrdiff_t>(kept), each.end(),
                      [&](std::size_t a, std::size_t b) {
                        const auto need_a = need_of(seen.nodes[a]);
                        const auto need_b = need_of(seen.nodes[b]);
                        return need_a != need_b ? need_a > need_b : a < b;
                      });
    for (std::size_t at = kept; at < each.size(); ++at)
      shown[each[at]] = must_show[each[at]];
  }
  for (std::size_t at = 1; at < shown.size(); ++at) // parents come first
    shown[at] = shown[at] && shown[seen.nodes[at].parent];
  return shown;
}

} // namespace troupe::detail
