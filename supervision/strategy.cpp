#include <troupe/supervision/strategy.hpp>

namespace troupe {

std::string_view to_string(restart_strategy strategy) noexcept {
  switch (strategy) {
  case restart_strategy::one_for_one:
    return "one_for_one";
  case restart_strategy::one_for_all:
    return "one_for_all";
  case restart_strategy::rest_for_one:
    return "rest_for_one";
  case restart_strategy::dynamic:
    return "dynamic";
  }
  return "?";
}

} // namespace troupe
