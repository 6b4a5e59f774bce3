// What `--observe [PORT]`, `--control` and `--keep` say.

#pragma once

#include <cstdint>
#include <optional>

namespace troupe::tools {

struct observe_options {
  std::optional<std::uint16_t> port = std::nullopt; ///< Empty: nobody observes. 0: any that is free.
  bool control = false;
  bool keep = false; ///< Serves on after the end, until a signal. On a terminal that is so without being asked for.
};

} // namespace troupe::tools
