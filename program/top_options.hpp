// What `troupe top` was asked for.

#pragma once

#include <cstdint>
#include <string>

namespace troupe::tools {

struct top_options {
  std::string host;
  std::uint16_t port = 0;
  bool once = false;    ///< One frame, and that is all.
  bool as_json = false; ///< As the observer has it; once as well.
};

} // namespace troupe::tools
