// What a live view shows at one moment: plain data, made of a snapshot and of what was shown before.

#pragma once

#include <troupe/observe/observer.hpp>
#include <troupe/scope/snapshot.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// Milliseconds since the observer was made.
using scene_time = std::int64_t;

struct scene_wait {
  std::string to;       ///< "receive", "ask", "join its children".
  std::uint64_t on = 0; ///< Key of the node that it waits for; 0: none of the tree, or itself.
  bool shielded = false;
  bool idle = false;
  std::optional<scene_time> since;
};

struct scene_message {
  std::string type;
  std::optional<scene_time> since;
};

/// Children that are not shown one by one.
struct scene_fold {
  std::size_t children = 0;
  std::size_t fibers = 0; ///< With all below them.
  std::map<std::string, std::size_t> states;
  std::uint64_t restarts = 0;
  std::size_t queued = 0; ///< Messages in their mailboxes.
};

struct scene_node {
  std::uint64_t key = 0;    ///< The fiber's number.
  std::uint64_t parent = 0; ///< Key; 0: it is the top.
  std::string name;
  std::string kind; ///< As `node_kind`, or "fold".
  std::string activity;
  std::string state; ///< As in `tree_node`.
  std::uint64_t incarnation = 0;
  bool stopping = false;
  std::optional<mailbox_seen> mailbox;
  std::optional<scene_message> in_hand;
  std::optional<scene_wait> wait;
  std::optional<scene_fold> fold; ///< It stands for so many.

  std::uint64_t restarts() const noexcept { return fold ? fold->restarts : incarnation > 1 ? incarnation - 1 : 0; }
};

struct scene_flow {
  flow_seen seen;
  double sent_per_second = 0;
  double settled_per_second = 0;
};

/// A tree as it is shown. Parents come before their children.
struct scene {
  std::string title;
  scene_time at = 0;
  bool attached = false; ///< Else it is what was there last.
  bool control = false;  ///< Somebody may do something to children.
  std::vector<scene_node> nodes;
  std::vector<scene_flow> flows;
  std::vector<std::vector<std::uint64_t>> cycles; ///< Keys of those that wait for each other, each once.
  std::size_t omitted = 0;
  std::size_t abandoned_children = 0;
  std::size_t abandoned_functions = 0;

  /// The path of each node: "/app/reader". What stands for many has its parent's.
  std::vector<std::string> paths() const;
};

/// Makes one scene after the other.
class scene_maker {
public:
  /// @param children_max of one parent, which are shown one by one
  explicit scene_maker(std::size_t children_max) : children_max_(children_max) {}

  /// What `seen` and `flows` look like at `at`. What it says of cycles was so in the scene before as well: parts of a
  /// snapshot are of different moments, and show some that never were.
  scene make(const tree_snapshot& seen, std::vector<flow_seen> flows, scene_time at);

private:
  struct earlier_wait {
    std::string to;
    std::uint64_t on;
    scene_time since;
  };
  struct earlier_counts {
    std::uint64_t sent;
    std::uint64_t settled;
    double sent_per_second;
    double settled_per_second;
  };

  scene_node node_of(const tree_node& from, scene_time at) const;
  void settle_times(scene& made);
  void rate(scene& made, std::vector<flow_seen> flows);
  void keep_lasting_cycles(scene& made);

  const std::size_t children_max_;
  scene_time before_ = 0;
  std::map<std::uint64_t, earlier_wait> waits_;
  std::map<std::string, earlier_counts> counts_;
  std::vector<std::vector<std::uint64_t>> cycles_;
};

namespace detail {

/// Fibers that wait for each other so that none goes on before another one does: each for somebody (`wait->on`), who
/// joins for all children, who waits for a slot that children hold for any of them, as for any of those who share a
/// mailbox. By their places, each group sorted.
std::vector<std::vector<std::size_t>> wait_cycles(const tree_snapshot& seen);

/// Which nodes stay, where a parent has more than `children_max` children: of those only the ones that most need to be
/// seen, and nothing below the others. `must_show` stay in any case.
std::vector<bool> shown_nodes(const tree_snapshot& seen, std::size_t children_max, const std::vector<bool>& must_show);

/// Of a parent with too many, so many are shown.
inline constexpr std::size_t shown_of_many = 12;

} // namespace detail

} // namespace troupe
