// What came of a run of a topology: its books, and what of them is not as it should be.

#pragma once

#include <troupe/mailbox/statistics.hpp>
#include <troupe/topology/description.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::topology {

/// One edge, now or at the end.
struct edge_counts {
  std::string name;                    ///< "fetch -> store"
  std::vector<std::string> from_paths; ///< Of all nodes at its beginning.
  std::vector<std::string> to_paths;
  edge_use how = edge_use::send;
  std::uint64_t offered = 0; ///< Sends and asks that were begun. Each ends as handled, or dropped for one reason.
  /// Of this edge alone, but for `capacity`, `depth_max` and `receivers_waiting`, which are those of the mailbox at its
  /// end: other edges may end there as well.
  mailbox_statistics counts{};

  std::uint64_t dropped() const noexcept;
};

/// A node, or all nodes of one name.
struct node_counts {
  std::string name;
  std::string kind;
  std::vector<std::string> paths; ///< Empty before the tree has begun.
  std::uint64_t runs = 0;
  std::uint64_t restarts = 0;
  std::uint64_t crashes = 0; ///< Runs that ended with an error.
  std::uint64_t handled = 0; ///< Items and questions.
  std::uint64_t late = 0;    ///< Of these: given up at its `deadline`.
  std::uint64_t answers = 0; ///< That it has got.
  std::uint64_t failed_asks = 0;
  std::vector<std::pair<std::string, std::uint64_t>> counters{}; ///< Of its kind.
  std::string last_error;
};

struct supervisor_counts {
  std::string name;
  std::uint64_t runs = 0;
  std::uint64_t restarts = 0;
  std::uint64_t gave_up = 0;
};

/// What came of a run.
struct report {
  ending_kind ended = ending_kind::normal;
  std::string text;    ///< Of an error, the cycle of a deadlock, or what stood still when its time was over.
  std::string gave_up; ///< Name of the supervisor that gave up first; empty: none did.
  duration took{};
  std::vector<edge_counts> edges;
  std::vector<node_counts> nodes;
  std::vector<supervisor_counts> supervisors;
  std::vector<std::string>
      unbalanced; ///< What is wrong with the books, whatever befell it: nothing, if troupe is right.
  std::vector<std::string> unexpected; ///< What of `[expect]` does not hold.
};

/// The names of what is counted, for `[expect]`.
std::span<const std::string_view> names_of_edge_counts() noexcept;
std::span<const std::string_view> names_of_node_counts() noexcept;
std::span<const std::string_view> names_of_supervisor_counts() noexcept;
/// One of them; empty: there is none of that name.
std::optional<std::uint64_t> count_of(const edge_counts& edge, std::string_view what) noexcept;
std::optional<std::uint64_t> count_of(const node_counts& node, std::string_view what) noexcept;
std::optional<std::uint64_t> count_of(const supervisor_counts& supervisor, std::string_view what) noexcept;

/// What of the expectation does not hold, a sentence each.
std::vector<std::string> compare(const expectation& wanted, const report& with);

} // namespace troupe::topology
