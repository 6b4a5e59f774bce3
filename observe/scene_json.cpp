#include <troupe/observe/scene_json.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <utility>

namespace troupe {

namespace {

using json = nlohmann::ordered_json;

std::string text_of(const json& made) {
  return made.dump(-1, ' ', false, json::error_handler_t::replace); // a name may be no UTF-8
}

json json_of(const scene_fold& fold) {
  return {{"children", fold.children},
          {"fibers", fold.fibers},
          {"states", fold.states},
          {"restarts", fold.restarts},
          {"queued", fold.queued}};
}

json json_of(const scene_node& node) {
  json made{{"key", node.key}, {"parent", node.parent}, {"name", node.name}, {"kind", node.kind}};
  if (node.fold) {
    made["fold"] = json_of(*node.fold);
    return made;
  }
  made["activity"] = node.activity;
  if (!node.state.empty()) {
    made["state"] = node.state;
    made["incarnation"] = node.incarnation;
  }
  if (node.stopping)
    made["stopping"] = true;
  if (node.mailbox)
    made["mailbox"] = {
        {"depth", node.mailbox->depth}, {"capacity", node.mailbox->capacity}, {"closed", node.mailbox->closed}};
  if (node.in_hand) {
    json& in_hand = made["in_hand"] = {{"type", node.in_hand->type}};
    if (node.in_hand->since)
      in_hand["since"] = *node.in_hand->since;
  }
  if (node.wait) {
    json& wait = made["wait"] = {{"to", node.wait->to}};
    if (node.wait->on != 0)
      wait["on"] = node.wait->on;
    if (node.wait->shielded)
      wait["shielded"] = true;
    if (node.wait->idle)
      wait["idle"] = true;
    if (node.wait->since)
      wait["since"] = *node.wait->since;
  }
  return made;
}

/// With three digits or so: more is noise, and noise would be sent.
double rounded(double rate) {
  if (rate < 1)
    return std::round(rate * 100) / 100;
  const double unit = std::pow(10, std::floor(std::log10(rate)) - 2);
  return std::round(rate / unit) * unit;
}

json json_of(const scene_flow& flow) {
  const mailbox_statistics& counts = flow.seen.counts;
  json made{{"name", flow.seen.name},
            {"from", flow.seen.from},
            {"to", flow.seen.to},
            {"capacity", counts.capacity},
            {"depth", counts.depth},
            {"depth_max", counts.depth_max},
            {"senders_waiting", counts.senders_waiting},
            {"receivers_waiting", counts.receivers_waiting},
            {"sent", counts.sent},
            {"settled", counts.settled},
            {"handled", counts.handled},
            {"in_hand", counts.in_hand},
            {"sent_per_second", rounded(flow.sent_per_second)},
            {"settled_per_second", rounded(flow.settled_per_second)}};
  json dropped = json::object();
  for (std::size_t at = 0; at != drop_reasons; ++at)
    if (counts.dropped[at] != 0)
      dropped[std::string(to_string(static_cast<drop_reason>(at)))] = counts.dropped[at];
  made["dropped"] = std::move(dropped);
  made["closed"] = counts.closed;
  return made;
}

template <class Parts>
void append_list(std::string& to, std::string_view name, const Parts& parts) {
  ((to += ",\"") += name) += "\":[";
  bool first = true;
  for (const std::string* part : parts) {
    if (!std::exchange(first, false))
      to += ',';
    to += *part;
  }
  to += ']';
}

std::string beginning(const scene_parts& of) { return "{\"at\":" + std::to_string(of.at) + ',' + of.rest; }

/// What is new or other in `now`, and the keys of what is no more.
template <class Key>
std::pair<std::vector<const std::string*>, json> compared(const std::map<Key, std::string>& before,
                                                          const std::map<Key, std::string>& now) {
  std::vector<const std::string*> changed;
  for (const auto& [key, part] : now)
    if (const auto old = before.find(key); old == before.end() || old->second != part)
      changed.push_back(&part);
  json gone = json::array();
  for (const auto& [key, part] : before)
    if (!now.contains(key))
      gone.push_back(key);
  return {std::move(changed), std::move(gone)};
}

} // namespace

scene_parts parts_of(const scene& of) {
  scene_parts parts;
  for (const scene_node& node : of.nodes)
    parts.nodes.emplace(node.key, text_of(json_of(node)));
  for (const scene_flow& flow : of.flows)
    parts.flows.emplace(flow.seen.name, text_of(json_of(flow)));
  const json rest{{"title", of.title},
                  {"attached", of.attached},
                  {"control", of.control},
                  {"cycles", of.cycles},
                  {"omitted", of.omitted},
                  {"abandoned_children", of.abandoned_children},
                  {"abandoned_functions", of.abandoned_functions}};
  parts.rest = text_of(rest);
  parts.rest = parts.rest.substr(1, parts.rest.size() - 2); // without its braces
  parts.at = of.at;
  return parts;
}

std::string to_json(const scene_parts& whole) {
  std::string text = beginning(whole);
  std::vector<const std::string*> all;
  for (const auto& [key, part] : whole.nodes)
    all.push_back(&part);
  append_list(text, "nodes", all);
  all.clear();
  for (const auto& [name, part] : whole.flows)
    all.push_back(&part);
  append_list(text, "flows", all);
  return text + '}';
}

std::string difference(const scene_parts& before, const scene_parts& now) {
  const auto [nodes, gone] = compared(before.nodes, now.nodes);
  const auto [flows, flows_gone] = compared(before.flows, now.flows);
  if (nodes.empty() && gone.empty() && flows.empty() && flows_gone.empty() && before.rest == now.rest)
    return {};
  std::string text = beginning(now);
  append_list(text, "nodes", nodes);
  append_list(text, "flows", flows);
  text += ",\"gone\":" + text_of(gone) + ",\"flows_gone\":" + text_of(flows_gone);
  return text + '}';
}

namespace {

std::optional<scene_time> time_of(const json& from, const char* key) {
  return from.contains(key) ? std::optional<scene_time>(from[key].get<scene_time>()) : std::nullopt;
}

scene_node node_of(const json& from) {
  scene_node node;
  node.key = from.at("key");
  node.parent = from.at("parent");
  node.name = from.at("name");
  node.kind = from.at("kind");
  node.activity = from.value("activity", "");
  node.state = from.value("state", "");
  node.incarnation = from.value("incarnation", std::uint64_t{0});
  node.stopping = from.value("stopping", false);
  if (from.contains("mailbox"))
    node.mailbox =
        mailbox_seen{0, from["mailbox"].at("depth"), from["mailbox"].at("capacity"), from["mailbox"].at("closed")};
  if (from.contains("in_hand"))
    node.in_hand = scene_message{from["in_hand"].at("type"), time_of(from["in_hand"], "since")};
  if (from.contains("wait")) {
    const json& wait = from["wait"];
    node.wait = scene_wait{wait.at("to"), wait.value("on", std::uint64_t{0}), wait.value("shielded", false),
                           wait.value("idle", false), time_of(wait, "since")};
  }
  if (from.contains("fold")) {
    const json& fold = from["fold"];
    node.fold = scene_fold{fold.at("children"), fold.at("fibers"), {}, fold.at("restarts"), fold.at("queued")};
    for (const auto& [state, count] : fold.at("states").items())
      node.fold->states[state] = count;
  }
  return node;
}

scene_flow flow_of(const json& from) {
  scene_flow flow;
  flow.seen.name = from.at("name");
  flow.seen.from = from.at("from").get<std::vector<std::string>>();
  flow.seen.to = from.at("to").get<std::vector<std::string>>();
  mailbox_statistics& counts = flow.seen.counts;
  counts.capacity = from.at("capacity");
  counts.depth = from.at("depth");
  counts.depth_max = from.at("depth_max");
  counts.senders_waiting = from.at("senders_waiting");
  counts.receivers_waiting = from.at("receivers_waiting");
  counts.sent = from.at("sent");
  counts.settled = from.at("settled");
  counts.handled = from.at("handled");
  counts.in_hand = from.at("in_hand");
  for (std::size_t at = 0; at != drop_reasons; ++at)
    counts.dropped[at] =
        from.at("dropped").value(std::string(to_string(static_cast<drop_reason>(at))), std::uint64_t{0});
  counts.closed = from.at("closed");
  flow.sent_per_second = from.at("sent_per_second");
  flow.settled_per_second = from.at("settled_per_second");
  return flow;
}

} // namespace

std::optional<scene> read_scene(std::string_view text) {
  try {
    const json from = json::parse(text);
    scene read;
    read.title = from.at("title");
    read.at = from.at("at");
    read.attached = from.at("attached");
    read.control = from.at("control");
    read.cycles = from.at("cycles").get<std::vector<std::vector<std::uint64_t>>>();
    read.omitted = from.at("omitted");
    read.abandoned_children = from.at("abandoned_children");
    read.abandoned_functions = from.at("abandoned_functions");
    for (const json& node : from.at("nodes"))
      read.nodes.push_back(node_of(node));
    for (const json& flow : from.at("flows"))
      read.flows.push_back(flow_of(flow));
    return read;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

} // namespace troupe
