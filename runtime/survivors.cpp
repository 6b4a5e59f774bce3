#include <troupe/observe/snapshot_text.hpp>
#include <troupe/runtime/survivors.hpp>

namespace troupe::detail {

namespace {

fiber_name name_of(const fiber& held) { return {held.path(), held.number()}; }

} // namespace

std::string survivors(const tree_snapshot& left) { return to_text(left, survivor_lines_max, 2); }

std::optional<fiber_name> find_in_tree(fiber& top, const fiber* wanted) {
  std::optional<fiber_name> found;
  top.visit_tree([&](const fiber& visited) {
    if (&visited == wanted)
      found = name_of(visited);
  });
  return found;
}

} // namespace troupe::detail
