#include <troupe/runtime/survivors.hpp>

namespace troupe::detail {

namespace {

fiber_name name_of(const fiber& held) { return {held.path(), held.number()}; }

} // namespace

std::string survivors(fiber& top) {
  std::string lines;
  std::size_t count = 0;
  top.visit_tree([&](fiber& survivor) {
    if (++count > survivor_lines_max)
      return;
    lines += "  " + name_of(survivor).text();
    if (const char* what = survivor.waits_to(); survivor.waiting() && what != nullptr)
      lines += std::string(" waits to ") + what;
    else
      lines += " runs, or is ready to";
    if (survivor.waits_how() == fiber::wait_kind::shielded && survivor.waiting())
      lines += " (shielded)";
    lines += '\n';
  });
  if (count > survivor_lines_max)
    lines += "  and " + std::to_string(count - survivor_lines_max) + " more\n";
  return lines;
}

std::optional<fiber_name> find_in_tree(fiber& top, const fiber* wanted) {
  std::optional<fiber_name> found;
  top.visit_tree([&](const fiber& visited) {
    if (&visited == wanted)
      found = name_of(visited);
  });
  return found;
}

std::string abandoned_children(std::size_t count) {
  if (count == 0)
    return {};
  return "  " + std::to_string(count) + (count == 1 ? " child" : " children") +
         " that a supervisor has abandoned, not ended\n";
}

std::string abandoned_functions(std::size_t count) {
  if (count == 0)
    return {};
  return "  " + std::to_string(count) + (count == 1 ? " function" : " functions") +
         " left behind by offload_abandon, not returned\n";
}

} // namespace troupe::detail
