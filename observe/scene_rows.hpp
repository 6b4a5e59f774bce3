// Which nodes of a scene are shown where there is room for so many lines.

#pragma once

#include <troupe/observe/scene.hpp>

#include <cstddef>
#include <vector>

namespace troupe::detail {

/// A line of the tree.
struct scene_row {
  std::size_t at = 0;    ///< Place of the node, in `scene::nodes`; of the sibling above, where it stands for others.
  std::size_t depth = 0; ///< Below the top.
  scene_fold fold;       ///< With children: it stands for these, and all below them.
};

/// The tree, parents before their children. Where it has more than `lines`, siblings that are of a kind by their names
/// ("worker-1", "worker-2") are folded beyond a number that is the same for all, as large as fits: who needs it more, by
/// state and mailbox, is shown. Where that is not enough there are more rows than `lines`.
std::vector<scene_row> rows_of(const scene& of, std::size_t lines);

} // namespace troupe::detail
