// Snapshots of a tree as text, JSON and DOT.

#pragma once

#include <troupe/scope/snapshot.hpp>

#include <cstddef>
#include <string>

namespace troupe {

/// A line for each fiber, parents first:
///
/// ```
/// /app/ingest                supervisor  running  waits to join its children for 4 min 2 s
/// /app/ingest/parser-3       actor  running  2 restarts  mailbox 3/16  has record for 1.2 s  waits to sleep for 1.2 s
/// ```
///
/// What does its work unseen is left out: the fiber by which a supervisor looks after its children, while it waits for
/// news. Where several fibers have one path, their numbers tell them apart.
///
/// @param lines_max  further fibers are counted in the last line
/// @param indent     columns before each line
std::string to_text(const tree_snapshot& seen, std::size_t lines_max = snapshot_nodes_max, std::size_t indent = 0);

/// An object with `nodes`, a flat list in which `parent` is a place, and what else a snapshot has. Times are in seconds;
/// what is not known, or does not apply, is left out.
std::string to_json(const tree_snapshot& seen);

/// A graph for Graphviz: who owns whom, and with dashed lines who waits for whom.
std::string to_dot(const tree_snapshot& seen);

namespace detail {

/// What a fiber does, and with what, in words: "running  2 restarts  mailbox 3/16  waits to sleep for 1.2 s".
///
/// @pre index < seen.nodes.size()
std::string in_words(const tree_snapshot& seen, std::size_t index);

/// True for what a reader need not see: it does its work.
bool works_unseen(const tree_node& node) noexcept;

} // namespace detail

} // namespace troupe
