// A tree of actors and what flows between them, as plain data: what a topology file says.

#pragma once

#include <troupe/mailbox/overflow.hpp>
#include <troupe/scope/time_source.hpp>
#include <troupe/supervision/restart_policy.hpp>
#include <troupe/supervision/supervisor_options.hpp>
#include <troupe/topology/finding.hpp>
#include <troupe/topology/parameter.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::topology {

/// How large a description may be: what is larger is an error in the file.
struct limits {
  static constexpr std::size_t bytes_max = 4U << 20U; ///< Of the file.
  static constexpr std::size_t nodes_max = 10'000;
  static constexpr std::size_t supervisors_max = 10'000;
  static constexpr std::size_t edges_max = 100'000;
  static constexpr std::size_t count_max = 10'000; ///< Of one node, and of all nodes with their counts.
  static constexpr std::size_t depth_max = 64;     ///< Of the tree of supervisors.
  static constexpr std::size_t name_bytes_max = 64;
};

/// Where each key of a table stands, for findings.
class key_positions {
public:
  void add(std::string key, position at) { all_.emplace_back(std::move(key), at); }
  /// @param otherwise  where it has no such key
  position of(std::string_view key, position otherwise) const noexcept {
    for (const auto& [name, at] : all_)
      if (name == key)
        return at;
    return otherwise;
  }
  bool has(std::string_view key) const noexcept { return of(key, {}).line != 0; }

private:
  std::vector<std::pair<std::string, position>> all_;
};

/// A supervisor, and what it is as a child of the one above.
struct supervisor_description {
  std::string name;
  std::size_t under = 0; ///< Index of the one above. The first one is the root of the tree, and under itself.
  supervisor_options options{};
  restart_type restart = restart_type::transient;
  std::optional<duration> shutdown{};
  bool significant = false;
  position at{};
  key_positions keys{};
};

/// What goes wrong in a node by itself, for who wants to see that.
struct faults_description {
  std::uint64_t crash_every = 0;    ///< It crashes with each n-th item, counted over all of its runs. 0: never.
  double crash_chance = 0;          ///< With an item, 0 to 1.
  std::uint64_t crash_at_start = 0; ///< So many runs crash before they do anything.
  std::uint64_t recovers_after = 0; ///< After so many crashes there are no more. 0: there always are.
  duration hang_in_cleanup{};       ///< Its cleanup takes so long, at the end of each run.

  friend bool operator==(const faults_description&, const faults_description&) = default;
};

/// To which of its outputs a node sends an item.
enum class fan_out : std::uint8_t {
  round_robin, ///< Each in turn.
  all,         ///< A copy to each, one after the other.
  by_key,      ///< Items of the same key go to the same one.
};

/// An actor, or `count` of them that share one mailbox.
struct node_description {
  std::string name;
  std::string kind;
  std::size_t under = 0; ///< Index of its supervisor.
  std::size_t count = 1;
  restart_type restart = restart_type::transient;
  std::optional<duration> shutdown{};
  bool significant = false;
  std::optional<duration> deadline{}; ///< Of each item, or ask, that it handles or makes.
  std::optional<duration> shield{};   ///< Limit of the protected phase of that: a stop waits for its end.
  std::size_t at_once = 1;            ///< Items that it handles at the same time. More than 1: it is reentrant.
  topology::fan_out fan_out = topology::fan_out::round_robin;
  faults_description faults{};
  parameter_values parameters{}; ///< Of its kind: only those that the file gives.
  position at{};
  key_positions keys{};
};

/// How an edge is used.
enum class edge_use : std::uint8_t {
  send, ///< Items flow from one to the other.
  ask,  ///< One asks the other, and waits for the answer.
};

/// Who sends to whom, or asks whom. All edges to a node end in its one mailbox.
struct edge_description {
  std::size_t from = 0; ///< Indices of nodes.
  std::size_t to = 0;
  edge_use how = edge_use::send;
  std::size_t capacity = 100; ///< Of the mailbox at its end: edges to the same node have the same.
  overflow on_full = overflow::suspend;
  std::uint64_t item_bytes = 64;    ///< What one item takes, for the bound of memory.
  std::optional<duration> within{}; ///< After so long it gives up a wait, and goes on (`move_on_after`).
  position at{};
  key_positions keys{};

  /// True when who uses it may wait there for as long as the other end takes.
  bool waits() const noexcept { return !within && (how == edge_use::ask || on_full == overflow::suspend); }
};

/// A number that is expected, both ends included.
struct range {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

  bool contains(std::uint64_t number) const noexcept { return least <= number && number <= most; }
  friend bool operator==(const range&, const range&) = default;
};

/// How a run ends.
enum class ending_kind : std::uint8_t {
  normal,         ///< All was done: every source has ended, and every item was settled.
  time,           ///< Its time, `lasts`, was over.
  gives_up,       ///< Its root gave up.
  would_deadlock, ///< Nodes waited for each other in a cycle.
  error,          ///< Anything else.
  stopped,        ///< It was cancelled from outside: what it expects is not looked at.
};

/// Something counted of a node or an edge, and what it must be.
struct expected_count {
  std::size_t whose = 0; ///< Index of the node, the edge, or the supervisor.
  std::string what;      ///< As in `node_counts`, `edge_counts`: "restarts", "handled", "dropped", "expired" ...
  range in{};
  position at{};
};

/// What must come out of a run.
struct expectation {
  std::optional<ending_kind> ends{};
  std::string gives_up{};           ///< Of `gives_up`: the name of the supervisor that gave up first; empty: any.
  std::vector<std::string> cycle{}; ///< Of `would_deadlock`: names of nodes that must be in it.
  std::string error{};              ///< Of `error`, and the others: a part of its text.
  std::vector<expected_count> nodes{};
  std::vector<expected_count> supervisors{};
  std::vector<expected_count> edges{};
  position at{};
  key_positions keys{};

  /// It says nothing: then it is still expected to end neither with an error nor in a standstill.
  bool empty() const noexcept {
    return !ends && error.empty() && nodes.empty() && supervisors.empty() && edges.empty();
  }
};

/// All that a file says. Made by `parse`, or by hand.
struct description {
  std::string title{};
  std::string watch{}; ///< One sentence: what to look at when it runs.
  duration lasts = std::chrono::seconds{10};
  std::uint64_t seed = 0;
  std::optional<std::uint64_t> memory_max{}; ///< Bytes.
  std::vector<supervisor_description> supervisors{};
  std::vector<node_description> nodes{};
  std::vector<edge_description> edges{};
  expectation expect{};
  key_positions keys{}; ///< Of `[run]`, and of the top.

  /// Its name in findings, and in `[expect.edge]`: "from -> to".
  std::string name_of(const edge_description& edge) const {
    return nodes[edge.from].name + " -> " + nodes[edge.to].name;
  }
};

/// What the root of each tree is called.
inline constexpr std::string_view root_name = "app";

std::string_view to_string(fan_out how) noexcept;
std::string_view to_string(edge_use how) noexcept;
std::string_view to_string(ending_kind how) noexcept;
/// The strategy's name, as in the enumeration.
std::string_view name_of(overflow on_full) noexcept;
std::string_view name_of(auto_shutdown stops) noexcept;

} // namespace troupe::topology
