#include <troupe/topology/file_reader.hpp>

#include <troupe/topology/parse.hpp>
#include <troupe/topology/spellings.hpp>
#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace troupe::topology {

parsed parse(std::string_view text, const kinds& known) {
  finding_list wrong;
  parsed made;
  if (text.size() > limits::bytes_max) {
    wrong.error({1, 1}, "too-large", fmt::format("the file has more than {}", human_bytes(limits::bytes_max)),
                "nodes that do the same can be one, with a count");
  } else if (const std::optional<text_value> top = read_tree(text, wrong)) {
    file_reader reader{known, wrong};
    reader.read(*top);
    if (!wrong.has_errors())
      made.what = reader.take();
  }
  made.findings = wrong.take();
  return made;
}

void file_reader::read(const text_value& top) {
  table_reader from{top, {1, 1}, "the top of the file", wrong_};
  from.read("title", made_.title);
  from.read("watch", made_.watch);
  const text_value* const run = from.read_table("run");
  const text_value* const supervisors = from.read_table("supervisor");
  const text_value* const nodes = from.read_table("node");
  const text_value* const edges = from.take("edge");
  const text_value* const expect = from.read_table("expect");
  made_.keys = from.keys();
  from.finish();

  if (run != nullptr)
    read_run(*run, from.of("run"));
  name_supervisors(supervisors);
  name_nodes(nodes);
  read_supervisors(supervisors);
  read_nodes(nodes);
  read_edges(edges);
  if (expect != nullptr)
    read_expectation(*expect, from.of("expect"));
  if (made_.nodes.empty() && !wrong_.has_errors())
    wrong_.error({1, 1}, "no-nodes", "the file describes no node", "[node.NAME] begins one: kind = \"source\"");
}

void file_reader::read_run(const text_value& table, position at) {
  table_reader from{table, at, "[run]", wrong_};
  from.read("lasts", made_.lasts, std::chrono::microseconds{1});
  from.read("seed", made_.seed);
  std::uint64_t memory = 0;
  if (from.read_bytes("memory_max", memory, 1))
    made_.memory_max = memory;
  made_.keys = from.keys();
  from.finish();
}

bool file_reader::take_name(const text_entry& entry, const char* of) {
  if (entry.value.is != text_value::type::table) {
    wrong_.error(entry.at, "bad-value", fmt::format("{} must be a table", quoted(entry.key)),
                 fmt::format("[{}.{}] begins one", of, is_name(entry.key) ? entry.key : "NAME"));
    return false;
  }
  if (!is_name(entry.key)) {
    wrong_.error(entry.at, "bad-name",
                 fmt::format("{} cannot be a name, because names are parts of paths", quoted(entry.key)),
                 fmt::format("a letter first, then letters, digits, - and _: at most {}", limits::name_bytes_max));
    return false;
  }
  const auto [there, is_new] = names_.try_emplace(entry.key, entry.at);
  if (!is_new)
    wrong_.error(
        entry.at, "name-taken",
        fmt::format("{} is the name of something else already, in line {}", quoted(entry.key), there->second.line),
        "nodes and supervisors have different names, so that each can be meant");
  return is_new;
}

template <class Described>
bool file_reader::name(const text_entry& entry, const char* sort, std::size_t most, std::vector<Described>& all,
                       index_by_name& by_name) {
  if (all.size() == most) {
    wrong_.error(entry.at, "too-many", fmt::format("there are too many {}s", sort), fmt::format("at most {}", most));
    return false;
  }
  if (take_name(entry, sort)) {
    by_name.emplace(entry.key, all.size());
    Described named;
    named.name = entry.key;
    named.at = entry.at;
    all.push_back(std::move(named));
  }
  return true;
}

void file_reader::name_supervisors(const text_value* table) {
  supervisor_description root;
  root.name = root_name;
  made_.supervisors.push_back(std::move(root));
  supervisors_.emplace(root_name, 0);
  names_.emplace(root_name, position{1, 1});
  if (table == nullptr)
    return;
  for (const text_entry& each : table->entries) {
    if (each.key == root_name && each.value.is == text_value::type::table) {
      made_.supervisors.front().at = each.at;
      continue;
    }
    if (!name(each, "supervisor", limits::supervisors_max, made_.supervisors, supervisors_))
      return;
  }
}

void file_reader::name_nodes(const text_value* table) {
  if (table == nullptr)
    return;
  for (const text_entry& each : table->entries) {
    if (!name(each, "node", limits::nodes_max, made_.nodes, nodes_))
      return;
  }
}

void file_reader::unknown_name(position at, std::string_view sort, std::string_view name, const index_by_name& known) {
  if (wrong_.full())
    return;
  std::vector<std::string_view> names;
  for (const auto& [each, index] : known)
    names.push_back(each);
  wrong_.error(at, "unknown-name", fmt::format("there is no {} called {}", sort, quoted(name)), nearest(name, names));
}

std::size_t file_reader::read_under(table_reader& from) {
  std::string above;
  if (!from.read("under", above))
    return 0;
  if (const auto found = supervisors_.find(above); found != supervisors_.end())
    return found->second;
  const text_value* const given = from.take("under");
  unknown_name(given->at, "supervisor", above, supervisors_);
  return 0;
}

void file_reader::read_supervisors(const text_value* table) {
  if (table == nullptr)
    return;
  for (const text_entry& each : table->entries)
    if (const auto found = supervisors_.find(each.key);
        found != supervisors_.end() && made_.supervisors[found->second].at == each.at)
      read_supervisor(each.value, each.at, made_.supervisors[found->second]);

  // What is under each other in a circle is under no root. Each is looked at once: `seen` says in which walk.
  std::vector<std::size_t> seen(made_.supervisors.size());
  std::vector<std::size_t> depth(made_.supervisors.size());
  seen[0] = 1;
  for (std::size_t i = 1; i < made_.supervisors.size(); ++i) {
    std::vector<std::size_t> walk;
    std::size_t at = i;
    for (; seen[at] == 0; at = made_.supervisors[at].under) {
      seen[at] = i + 1;
      walk.push_back(at);
    }
    const supervisor_description& first = made_.supervisors[i];
    if (!walk.empty() && seen[at] == i + 1) {
      wrong_.error(first.keys.of("under", first.at), "supervision-cycle",
                   fmt::format("the supervisor {} is under itself, directly or through others", quoted(first.name)),
                   fmt::format("one of them must be under {}, the root", quoted(root_name)));
      continue;
    }
    std::size_t below = depth[at];
    for (auto up = walk.rbegin(); up != walk.rend(); ++up)
      depth[*up] = ++below;
    if (below > limits::depth_max)
      wrong_.error(first.at, "too-deep", fmt::format("there are {} supervisors above each other", below),
                   fmt::format("at most {}", limits::depth_max));
  }
}

void file_reader::read_supervisor(const text_value& table, position at, supervisor_description& to) {
  const bool is_root = to.name == root_name;
  table_reader from{table, at, fmt::format("supervisor {}", quoted(to.name)), wrong_};
  to.keys = from.keys();
  from.read_word("strategy", to.options.strategy, strategies());
  std::uint64_t intensity = to.options.intensity;
  if (from.read("intensity", intensity, 0, 1'000'000))
    to.options.intensity = static_cast<std::size_t>(intensity);
  from.read("period", to.options.period, std::chrono::nanoseconds{1});
  from.read_word("stops", to.options.stops, stop_words());
  if (const text_value* const backoff = from.read_table("backoff")) {
    restart_backoff& wait = to.options.backoff;
    table_reader in{*backoff, from.of("backoff"), fmt::format("backoff of {}", quoted(to.name)), wrong_};
    in.read("initial", wait.initial);
    in.read("longest", wait.longest);
    in.read("jitter", wait.jitter, 0, 1);
    in.read("stable_after", wait.stable_after);
    if (wait.longest < wait.initial)
      wrong_.error(in.of("longest"), "out-of-range",
                   fmt::format("the longest wait of {} is shorter than its first one", quoted(to.name)),
                   fmt::format("at least {}", write_time(wait.initial)));
    in.finish();
  }
  if (const text_value* const budget = from.read_table("budget")) {
    restart_budget all;
    table_reader in{*budget, from.of("budget"), fmt::format("budget of {}", quoted(to.name)), wrong_};
    std::uint64_t restarts = all.intensity;
    in.read("intensity", restarts, 0, 1'000'000);
    all.intensity = static_cast<std::size_t>(restarts);
    in.read("period", all.period, std::chrono::nanoseconds{1});
    in.finish();
    to.options.budget = all;
  }
  if (is_root) { // it is no child
    from.finish();
    return;
  }
  to.under = read_under(from);
  from.read_word("restart", to.restart, restart_types());
  from.read("shutdown", to.shutdown);
  from.read("significant", to.significant);
  from.finish();
}

} // namespace troupe::topology
