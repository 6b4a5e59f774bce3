// What `--observe [PORT]` and `--control` say.

#pragma once

#include <cstdint>
#include <optional>

namespace troupe::tools {

struct observe_options {
  std::optional<std::uint16_t> port = std::nullopt; ///< Empty: nobody observes. 0: any that is free.
  bool control = false;
};

} // namespace troupe::tools
