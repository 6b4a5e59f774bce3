#include <troupe/program/host_and_port.hpp>

#include <charconv>
#include <system_error>
#include <utility>

namespace troupe::tools {

std::optional<host_and_port> read_host_and_port(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0)
    return std::nullopt;
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != host.npos)
    return std::nullopt;
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (host.empty() || error != std::errc{} || rest != end)
    return std::nullopt;
  return host_and_port{std::move(host), port};
}

} // namespace troupe::tools
