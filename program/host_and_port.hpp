// Where a service listens, as people write it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::tools {

struct host_and_port {
  std::string host;
  std::uint16_t port;
};

/// Of "127.0.0.1:80", "localhost:80", "[::1]:80"; nothing: it is none.
std::optional<host_and_port> read_host_and_port(const std::string& text);

/// Tries to connect, and says why that fails, in the system's words; nothing: it does not. Blocks as long as the system
/// lets it.
std::optional<std::string> why_unreachable(const host_and_port& at);

} // namespace troupe::tools
