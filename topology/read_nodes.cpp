// The nodes and edges of a topology file.

#include <troupe/topology/file_reader.hpp>
#include <troupe/topology/spellings.hpp>
#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace troupe::topology {

void file_reader::read_nodes(const text_value* table) {
  if (table == nullptr)
    return;
  std::size_t actors = 0;
  for (const text_entry& each : table->entries) {
    const auto found = nodes_.find(each.key);
    if (found == nodes_.end() || made_.nodes[found->second].at != each.at)
      continue;
    node_description& named = made_.nodes[found->second];
    read_node(each.value, each.at, named);
    actors += named.count;
  }
  if (actors > limits::count_max)
    wrong_.error({1, 1}, "too-many", fmt::format("the nodes are {} actors in all, counts included", actors),
                 fmt::format("at most {}", limits::count_max));

  // The third of "fetch" is called "fetch-3", so nobody else may be.
  for (const node_description& each : made_.nodes) {
    const std::size_t dash = each.name.rfind('-');
    const auto found = dash != each.name.npos ? nodes_.find(std::string_view{each.name}.substr(0, dash)) : nodes_.end();
    if (found == nodes_.end() || made_.nodes[found->second].count == 1)
      continue;
    std::size_t number = 0;
    const char* const end = each.name.data() + each.name.size();
    if (const auto read = std::from_chars(each.name.data() + dash + 1, end, number);
        read.ptr == end && read.ec == std::errc{} && number >= 1 && number <= made_.nodes[found->second].count)
      wrong_.error(each.at, "name-taken",
                   fmt::format("{} is what the node {}, of which there are {}, calls one of them", quoted(each.name),
                               quoted(found->first), made_.nodes[found->second].count),
                   "choose another name");
  }
}

void file_reader::read_node(const text_value& table, position at, node_description& to) {
  table_reader from{table, at, fmt::format("node {}", quoted(to.name)), wrong_};
  to.keys = from.keys();
  const kind* is = nullptr;
  if (from.read("kind", to.kind)) {
    is = kinds_.find(to.kind);
    if (is == nullptr && !wrong_.full()) {
      std::vector<std::string_view> names;
      for (const kind* each : kinds_.all())
        names.push_back(each->name);
      wrong_.error(from.take("kind")->at, "unknown-kind", fmt::format("there is no kind called {}", quoted(to.kind)),
                   nearest(to.kind, names));
    }
  } else if (!from.has("kind")) {
    wrong_.error(at, "missing-key", fmt::format("node {} has no kind", quoted(to.name)),
                 "kind = \"source\", or stage, sink, server, client, worker");
  }
  to.under = read_under(from);
  std::uint64_t number = 1;
  if (from.read("count", number, 1, limits::count_max))
    to.count = static_cast<std::size_t>(number);
  from.read_word("restart", to.restart, restart_types());
  from.read("shutdown", to.shutdown);
  from.read("significant", to.significant);
  from.read("deadline", to.deadline, std::chrono::nanoseconds{1});
  from.read("shield", to.shield, std::chrono::nanoseconds{1});
  if (from.read("at_once", number, 1, limits::count_max))
    to.at_once = static_cast<std::size_t>(number);
  from.read_word("fan_out", to.fan_out, fan_outs());
  if (const text_value* const faults = from.read_table("faults"))
    read_faults(*faults, from.of("faults"), to);
  if (is == nullptr)
    return; // what else it may have nobody knows
  for (const parameter& each : is->parameters)
    from.read(each, to.parameters);
  from.finish();
}

void file_reader::read_faults(const text_value& table, position at, node_description& to) {
  faults_description& faults = to.faults;
  table_reader from{table, at, fmt::format("faults of {}", quoted(to.name)), wrong_};
  from.read("crash_every", faults.crash_every);
  from.read("crash_chance", faults.crash_chance, 0, 1);
  from.read("crash_at_start", faults.crash_at_start);
  from.read("recovers_after", faults.recovers_after);
  from.read("hang_in_cleanup", faults.hang_in_cleanup);
  from.finish();
}

void file_reader::read_edges(const text_value* list) {
  if (list == nullptr)
    return;
  bool tables = list->is == text_value::type::list;
  for (const text_value& each : list->items)
    tables = tables && each.is == text_value::type::table;
  if (!tables)
    return wrong_.error(list->at, "bad-value", "\"edge\" must be a list of tables", "[[edge]] begins each");
  for (const text_value& each : list->items) {
    if (made_.edges.size() == limits::edges_max)
      return wrong_.error(each.at, "too-many", "there are too many edges",
                          fmt::format("at most {}", limits::edges_max));
    read_edge(each);
  }
  share_mailboxes();
}

std::optional<std::size_t> file_reader::read_node_name(table_reader& from, std::string_view key) {
  std::string name;
  if (!from.read(key, name)) {
    if (!from.has(key))
      wrong_.error(from.at(), "missing-key", fmt::format("{} has no {}", from.what(), quoted(key)),
                   fmt::format("{} = \"NAME\", of a node", key));
    return std::nullopt;
  }
  if (const auto found = nodes_.find(name); found != nodes_.end())
    return found->second;
  unknown_name(from.take(key)->at, "node", name, nodes_);
  return std::nullopt;
}

void file_reader::read_edge(const text_value& table) {
  table_reader from{table, table.at, "an edge", wrong_};
  edge_description made;
  made.at = table.at;
  made.keys = from.keys();
  const std::optional<std::size_t> begin = read_node_name(from, "from");
  const std::optional<std::size_t> end = read_node_name(from, "to");
  from.read_word("how", made.how, edge_uses());
  std::uint64_t capacity = made.capacity;
  if (from.read("capacity", capacity, 1, std::uint64_t{1} << 31U))
    made.capacity = static_cast<std::size_t>(capacity);
  from.read_word("overflow", made.on_full, overflows());
  from.read_bytes("item", made.item_bytes, 1);
  from.read("within", made.within, std::chrono::nanoseconds{1});
  from.finish();
  if (!begin || !end)
    return;
  made.from = *begin;
  made.to = *end;
  edges_.try_emplace(made_.name_of(made), made_.edges.size());
  made_.edges.push_back(std::move(made));
}

/// All edges to a node end in its one mailbox, which has one capacity: where one of them says it, it is said.
void file_reader::share_mailboxes() {
  std::vector<const edge_description*> says(made_.nodes.size());
  for (const edge_description& each : made_.edges) {
    if (!each.keys.has("capacity"))
      continue;
    const edge_description*& first = says[each.to];
    if (first == nullptr)
      first = &each;
    else if (first->capacity != each.capacity)
      wrong_.error(each.keys.of("capacity", each.at), "shared-mailbox",
                   fmt::format("this edge gives the mailbox of {} a capacity of {}, and the one in line {} gives it {}",
                               quoted(made_.nodes[each.to].name), each.capacity, first->at.line, first->capacity),
                   "edges to the same node share its mailbox: say the capacity once");
  }
  for (edge_description& each : made_.edges)
    if (says[each.to] != nullptr)
      each.capacity = says[each.to]->capacity;
}

} // namespace troupe::topology
