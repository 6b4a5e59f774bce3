#include <troupe/runtime/survivors.hpp>

namespace troupe::detail {

std::string survivors(fiber& top) {
  std::string lines;
  std::size_t count = 0;
  top.visit_tree([&](fiber& survivor) {
    if (++count > survivor_lines_max)
      return;
    lines += "  " + survivor.path() + " (fiber " + std::to_string(survivor.number()) + ")";
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

std::string abandoned_functions(std::size_t count) {
  if (count == 0)
    return {};
  return "  " + std::to_string(count) + (count == 1 ? " function" : " functions") +
         " left behind by offload_abandon, not returned\n";
}

} // namespace troupe::detail
