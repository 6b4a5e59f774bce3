#include <troupe/observe/snapshot_text.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

namespace troupe {

namespace {

using json = nlohmann::ordered_json;

void put_seconds(json& in, const char* key, const std::optional<duration>& length) {
  if (length)
    in[key] = std::chrono::duration<double>(*length).count();
}

json json_of(const tree_snapshot& seen, const wait_seen& wait) {
  json made{{"to", wait.to}};
  if (wait.object != 0)
    made["object"] = wait.object;
  if (wait.on)
    made["on"] = seen.path(*wait.on);
  made["shielded"] = wait.shielded;
  made["idle"] = wait.idle;
  put_seconds(made, "seconds", wait.lasts);
  return made;
}

json json_of(const tree_snapshot& seen, std::size_t at) {
  const tree_node& node = seen.nodes[at];
  json made{{"path", seen.path(at)}};
  if (at != 0)
    made["parent"] = node.parent;
  made["number"] = node.number;
  made["kind"] = to_string(node.kind);
  made["activity"] = to_string(node.activity);
  made["stopping"] = node.stopping;
  if (!node.state.empty()) {
    made["state"] = node.state;
    made["incarnation"] = node.incarnation;
    made["restarts"] = node.restarts();
  }
  if (node.mailbox)
    made["mailbox"] = {{"number", node.mailbox->number},
                       {"depth", node.mailbox->depth},
                       {"capacity", node.mailbox->capacity},
                       {"closed", node.mailbox->closed}};
  if (node.in_hand) {
    json in_hand{{"type", node.in_hand->type}};
    put_seconds(in_hand, "seconds", node.in_hand->held);
    made["in_hand"] = std::move(in_hand);
  }
  if (node.wait)
    made["wait"] = json_of(seen, *node.wait);
  return made;
}

} // namespace

std::string to_json(const tree_snapshot& seen) {
  json nodes = json::array();
  for (std::size_t at = 0; at != seen.nodes.size(); ++at)
    nodes.push_back(json_of(seen, at));
  const json whole{{"nodes", std::move(nodes)},
                   {"omitted", seen.omitted},
                   {"abandoned_children", seen.abandoned_children},
                   {"abandoned_functions", seen.abandoned_functions}};
  return whole.dump(2, ' ', false, json::error_handler_t::replace) + '\n'; // a name may be no UTF-8
}

} // namespace troupe
