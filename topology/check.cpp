#include <troupe/topology/check.hpp>

#include <troupe/topology/finding_list.hpp>
#include <troupe/topology/waiting_cycles.hpp>
#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

namespace troupe::topology {

namespace {

std::uint64_t times(std::uint64_t a, std::uint64_t b) noexcept {
  return a != 0 && b > std::numeric_limits<std::uint64_t>::max() / a ? std::numeric_limits<std::uint64_t>::max()
                                                                     : a * b;
}
std::uint64_t plus(std::uint64_t a, std::uint64_t b) noexcept {
  return a + b < a ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

class checker {
public:
  checker(const description& what, const kinds& known) : what_(what), known_(known) {}

  checked run() {
    check_edges();
    check_reach();
    check_memory();
    check_root();
    check_supervisors();
    check_nodes();
    find_waiting_cycles(what_, known_, wrong_);
    return {wrong_.take(), facts_};
  }

private:
  const node_description& node_of(std::size_t index) const { return what_.nodes[index]; }

  void check_edges() {
    std::set<std::tuple<std::size_t, std::size_t, edge_use>> seen;
    std::vector<const edge_description*> first(what_.nodes.size());
    for (const edge_description& each : what_.edges) {
      if (!seen.emplace(each.from, each.to, each.how).second)
        wrong_.error(each.at, "duplicate-edge", fmt::format("there are two edges {}", what_.name_of(each)),
                     "leave one of them out: its capacity may be larger instead");
      const bool gives_up_queued = each.on_full == overflow::drop_oldest || each.on_full == overflow::conflate;
      if (each.on_full == overflow::conflate && node_of(each.to).count > 1)
        wrong_.error(each.keys.of("overflow", each.at), "shared-mailbox",
                     fmt::format("{} are several, and items that replace each other must reach the same reader",
                                 quoted(node_of(each.to).name)),
                     "drop_oldest, or count = 1");
      const edge_description*& other = first[each.to];
      if (other == nullptr)
        other = &each;
      else if (other->on_full != each.on_full &&
               (gives_up_queued || other->on_full == overflow::drop_oldest || other->on_full == overflow::conflate))
        wrong_.error(each.keys.of("overflow", each.at), "shared-mailbox",
                     fmt::format("this edge says {} and the one in line {} says {}, of the one mailbox of {}",
                                 name_of(each.on_full), other->at.line, name_of(other->on_full),
                                 quoted(node_of(each.to).name)),
                     "what is queued is given up for all edges to a node, or for none");
    }
  }

  void check_reach() {
    std::vector<std::size_t> in(what_.nodes.size()), out(in), asked(in), asks(in);
    std::vector<std::vector<std::size_t>> next(what_.nodes.size());
    for (const edge_description& each : what_.edges) {
      ++(each.how == edge_use::send ? out : asks)[each.from];
      ++(each.how == edge_use::send ? in : asked)[each.to];
      next[each.from].push_back(each.to);
    }
    std::vector<bool> reached(what_.nodes.size());
    std::vector<std::size_t> walk;
    const auto reach = [&](std::size_t index) {
      if (!reached[index])
        walk.push_back(index);
      reached[index] = true;
    };
    for (std::size_t i = 0; i < what_.nodes.size(); ++i)
      if (in[i] + asked[i] == 0)
        reach(i);
    while (!walk.empty()) {
      const std::size_t index = walk.back();
      walk.pop_back();
      for (const std::size_t each : next[index])
        reach(each);
    }
    for (std::size_t i = 0; i < what_.nodes.size(); ++i) {
      const node_description& node = node_of(i);
      const kind* const is = known_.find(node.kind);
      if (is == nullptr)
        continue;
      check_sort(node, is->inputs, in[i], "no edge sends to it", "edges send to it");
      check_sort(node, is->outputs, out[i], "it has no edge to send by", "it has edges to send by");
      check_sort(node, is->asked_by, asked[i], "no edge asks it", "edges ask it");
      check_sort(node, is->asks, asks[i], "it has no edge to ask by", "it has edges to ask by");
      if (!reached[i])
        wrong_.error(node.at, "unreachable",
                     fmt::format("nothing ever comes to {}: no source leads to it", quoted(node.name)),
                     "an edge from a source, or from what one leads to");
    }
  }
  void check_sort(const node_description& node, wants wanted, std::size_t there, const char* none, const char* some) {
    if (wanted == wants::at_least_one && there == 0)
      wrong_.error(node.at, "missing-edge", fmt::format("{} is a {}, and {}", quoted(node.name), node.kind, none),
                   "[[edge]] adds one");
    if (wanted == wants::none && there != 0)
      wrong_.error(node.at, "useless-edge",
                   fmt::format("{} is a {}, which makes no use of it that {}", quoted(node.name), node.kind, some),
                   "leave the edge out, or choose another kind or another \"how\"");
  }

  void check_memory() {
    std::vector<std::uint64_t> bytes(what_.nodes.size()); // of the largest item
    std::vector<std::uint64_t> capacity(what_.nodes.size());
    for (const edge_description& each : what_.edges) {
      bytes[each.to] = std::max(bytes[each.to], each.item_bytes);
      capacity[each.to] = each.capacity;
    }
    for (std::size_t i = 0; i < bytes.size(); ++i)
      facts_.memory_bytes = plus(facts_.memory_bytes, times(bytes[i], capacity[i]));
    if (what_.memory_max && facts_.memory_bytes > *what_.memory_max)
      wrong_.error(what_.keys.of("memory_max", {1, 1}), "memory",
                   fmt::format("all mailboxes together may hold {}, more than {}", human_bytes(facts_.memory_bytes),
                               human_bytes(*what_.memory_max)),
                   "smaller capacities, or a larger memory_max");
  }

  /// Who describes one supervisor at the top of a file means the root, which is there without being described.
  void check_root() {
    const auto is_at_top = [](const supervisor_description& each) {
      return each.under == 0 && !each.keys.has("under");
    };
    const auto first = what_.supervisors.begin() + 1;
    if (what_.supervisors.front().at.line != 0 || std::count_if(first, what_.supervisors.end(), is_at_top) != 1)
      return;
    const supervisor_description& only = *std::find_if(first, what_.supervisors.end(), is_at_top);
    if (only.at.line == 0)
      return; // not from a file
    wrong_.warning(
        only.at, "hidden-root",
        fmt::format("{} is under {}, the root, which is not described, and whose intensity is {}", quoted(only.name),
                    quoted(root_name), what_.supervisors.front().options.intensity),
        fmt::format("[supervisor.{0}] is the root itself; or under = \"{0}\", to say that it is meant", root_name));
  }

  void check_supervisors() {
    const std::size_t many = what_.supervisors.size();
    std::vector<std::size_t> children(many), significant(many);
    std::vector<std::vector<std::size_t>> below(many);
    for (std::size_t i = 1; i < many; ++i) {
      const supervisor_description& each = what_.supervisors[i];
      ++children[each.under];
      significant[each.under] += each.significant ? 1 : 0;
      below[each.under].push_back(i);
    }
    std::vector<duration> stops(many, duration::zero()); // how long its children may take
    std::vector<bool> has_nodes(many);
    for (const node_description& each : what_.nodes) {
      has_nodes[each.under] = true;
      children[each.under] += each.count;
      significant[each.under] += each.significant ? 1 : 0;
      stops[each.under] += each.shutdown.value_or(std::chrono::seconds{5}) * static_cast<std::int64_t>(each.count);
    }
    std::vector<std::size_t> order{0}; // parents first
    for (std::size_t i = 0; i < order.size(); ++i)
      order.insert(order.end(), below[order[i]].begin(), below[order[i]].end());
    for (auto i = order.rbegin(); i != order.rend(); ++i)
      check_supervisor(*i, children[*i], significant[*i], stops);
    facts_.shutdown_max = stops[0];
    facts_.actors = many;
    for (const node_description& each : what_.nodes)
      facts_.actors += each.count;
    check_products(order, has_nodes);
  }
  void check_supervisor(std::size_t index, std::size_t children, std::size_t significant,
                        std::vector<duration>& stops) {
    const supervisor_description& each = what_.supervisors[index];
    if (children == 0)
      wrong_.warning(each.at, "no-children", fmt::format("the supervisor {} has no children", quoted(each.name)),
                     fmt::format("under = {} puts a node below it", quoted(each.name)));
    if (each.options.stops != auto_shutdown::never && each.restart == restart_type::permanent && index != 0)
      wrong_.error(
          each.keys.of("restart", each.at), "permanent-unit",
          fmt::format("{} stops by itself and is permanent, so it is started anew for ever", quoted(each.name)),
          "restart = \"transient\"");
    if (each.options.stops != auto_shutdown::never && significant == 0)
      wrong_.warning(each.keys.of("stops", each.at), "never-stops",
                     fmt::format("{} stops with its significant children, and has none", quoted(each.name)),
                     "significant = true, for one of its children");
    if (each.options.stops == auto_shutdown::never && significant != 0)
      wrong_.warning(each.at, "never-stops",
                     fmt::format("{} has significant children, and does not stop with them", quoted(each.name)),
                     "stops = \"all_significant\"");
    if (each.significant && each.restart == restart_type::permanent)
      wrong_.error(each.keys.of("significant", each.at), "permanent-unit",
                   fmt::format("{} is permanent, so it never ends: it cannot be significant", quoted(each.name)),
                   "restart = \"transient\"");
    if (index == 0)
      return;
    if (each.shutdown && *each.shutdown < stops[index])
      wrong_.error(each.keys.of("shutdown", each.at), "shutdown",
                   fmt::format("{} must stop within {}, and its children may take {}", quoted(each.name),
                               write_time(*each.shutdown), write_time(stops[index])),
                   "leave it out: then it has as long as its children may take");
    stops[each.under] += each.shutdown.value_or(stops[index]);
  }
  /// How often one child of it may be started anew until the root gives up. Each run of a supervisor of intensity n has up
  /// to n + 1 runs of a child; a budget counts those of the whole tree below.
  std::uint64_t restarts_of_child(std::size_t supervisor) const {
    std::uint64_t runs = 1;
    for (std::size_t at = supervisor;; at = what_.supervisors[at].under) {
      const supervisor_options& options = what_.supervisors[at].options;
      runs = times(runs, plus(options.intensity, 1));
      if (options.budget)
        runs = std::min<std::uint64_t>(runs, plus(options.budget->intensity, 1));
      if (at == 0)
        return runs - 1;
    }
  }
  void check_products(const std::vector<std::size_t>& order, const std::vector<bool>& has_nodes) {
    constexpr std::uint64_t worth_a_word = 100;
    std::vector<bool> told(what_.supervisors.size());
    for (const std::size_t i : order) {
      const supervisor_description& each = what_.supervisors[i];
      const std::uint64_t restarts = restarts_of_child(i);
      if (has_nodes[i])
        facts_.restarts_max = std::max(facts_.restarts_max, restarts);
      told[i] = i != 0 && told[each.under];
      if (i == 0 || told[i] || each.options.intensity < 2 || restarts_of_child(each.under) < 2 ||
          restarts < worth_a_word)
        continue;
      told[i] = true;
      wrong_.warning(
          each.keys.of("intensity", each.at), "restart-product",
          fmt::format("intensities multiply: a child of {} may be restarted {} times before the root gives up",
                      quoted(each.name), restarts),
          fmt::format("budget = {{ intensity = 50 }} of [supervisor.{}] counts all restarts of the tree", root_name));
    }
  }

  void check_nodes() {
    for (const node_description& each : what_.nodes) {
      const auto time = [&](std::string_view name) {
        const auto found = each.parameters.find(name);
        return found != each.parameters.end() && std::holds_alternative<duration>(found->second)
                   ? std::get<duration>(found->second)
                   : duration::zero();
      };
      if (each.significant && each.restart == restart_type::permanent)
        wrong_.error(each.keys.of("significant", each.at), "permanent-unit",
                     fmt::format("{} is permanent, so it never ends: it cannot be significant", quoted(each.name)),
                     "restart = \"transient\"");
      if (each.restart == restart_type::permanent && each.parameters.contains("items"))
        wrong_.warning(
            each.keys.of("restart", each.at), "permanent-end",
            fmt::format("{} is permanent and comes to an end: it is restarted then, until its supervisor gives up",
                        quoted(each.name)),
            "restart = \"transient\"");
      if (each.deadline && time("work") + time("commit") >= *each.deadline)
        wrong_.warning(each.keys.of("deadline", each.at), "always-late",
                       fmt::format("{} works for {} on each item, and its deadline is {}", quoted(each.name),
                                   write_time(time("work") + time("commit")), write_time(*each.deadline)),
                       "a later deadline");
      if (each.shield && time("commit") >= *each.shield)
        wrong_.error(each.keys.of("shield", each.at), "in-doubt",
                     fmt::format("{} commits for {}, and its shield holds for {}", quoted(each.name),
                                 write_time(time("commit")), write_time(*each.shield)),
                     "a shield that is longer than what it protects");
      if (each.shield && each.shutdown && *each.shutdown < *each.shield)
        wrong_.warning(each.keys.of("shutdown", each.at), "shutdown",
                       fmt::format("{} is killed after {}, in the middle of a phase that may be shielded for {}",
                                   quoted(each.name), write_time(*each.shutdown), write_time(*each.shield)),
                       "a shutdown that is as long as the shield");
    }
  }

  const description& what_;
  const kinds& known_;
  finding_list wrong_;
  facts facts_;
};

} // namespace

checked check(const description& what, const kinds& known) { return checker{what, known}.run(); }

} // namespace troupe::topology
