#include <troupe/program/host_and_port.hpp>

#include <cerrno>
#include <charconv>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
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

std::optional<std::string> why_unreachable(const host_and_port& at) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &wanted, &found); error != 0)
    return gai_strerror(error);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all{found, freeaddrinfo};
  int why = 0;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int made = socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
    why = made != -1 && connect(made, each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
    if (made != -1)
      close(made);
    if (why == 0)
      return std::nullopt;
  }
  return std::generic_category().message(why);
}

} // namespace troupe::tools
