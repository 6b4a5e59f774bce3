#include <troupe/streams/system_socket.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe::detail {

network_address::network_address(const sockaddr& given, socklen_t bytes) noexcept
    : bytes_(std::min(bytes, static_cast<socklen_t>(sizeof any_))) {
  std::memcpy(&any_, &given, bytes_);
}

network_address network_address::of_path(const std::string& path) {
  sockaddr_un made{};
  made.sun_family = AF_UNIX;
  if (path.empty())
    throw std::system_error(ENOENT, std::system_category());
  if (path.size() >= sizeof made.sun_path)
    throw std::system_error(ENAMETOOLONG, std::system_category());
  std::memcpy(made.sun_path, path.data(), path.size());
  return {reinterpret_cast<const sockaddr&>(made), sizeof made};
}

std::string network_address::host() const {
  char text[NI_MAXHOST];
  switch (family()) {
  case AF_UNIX:
    if (bytes_ <= offsetof(sockaddr_un, sun_path))
      return {};
    return reinterpret_cast<const sockaddr_un&>(any_).sun_path;
  case AF_INET:
  case AF_INET6:
    if (getnameinfo(&get(), bytes_, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      return text;
    return {};
  default:
    return {};
  }
}

std::uint16_t network_address::port() const noexcept {
  switch (family()) {
  case AF_INET:
    return ntohs(reinterpret_cast<const sockaddr_in&>(any_).sin_port);
  case AF_INET6:
    return ntohs(reinterpret_cast<const sockaddr_in6&>(any_).sin6_port);
  default:
    return 0;
  }
}

std::string network_address::text() const { return family() == AF_UNIX ? host() : host_and_port(host(), port()); }

std::string host_and_port(const std::string& host, std::uint16_t port) {
  return (host.find(':') != host.npos ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

std::vector<network_address> addresses_of(const std::string& host, std::uint16_t port, lookup how, std::string& why) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV | (how == lookup::numeric_only ? AI_NUMERICHOST : 0);
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (failed != 0) {
    why = failed == EAI_SYSTEM ? last_error().message() : gai_strerror(failed);
    return {};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned{found, &freeaddrinfo};
  std::vector<network_address> all;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next)
    if (each->ai_family == AF_INET || each->ai_family == AF_INET6)
      all.emplace_back(*each->ai_addr, each->ai_addrlen);
  return all;
}

system_descriptor::~system_descriptor() {
  if (owned_ >= 0)
    ::close(owned_);
}

system_socket system_socket::open(int family, std::error_code& failed) noexcept {
  system_socket made{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), family};
  if (!made)
    failed = last_error();
  return made;
}

namespace {

template <class Call>
std::size_t moved_by(Call call, std::error_code& failed) noexcept {
  ssize_t moved = 0;
  do
    moved = call();
  while (moved < 0 && errno == EINTR);
  if (moved >= 0)
    return static_cast<std::size_t>(moved);
  failed = last_error();
  return 0;
}

} // namespace

std::size_t system_socket::receive(std::span<std::byte> to, std::error_code& failed) const noexcept {
  return moved_by([&] { return ::recv(descriptor(), to.data(), to.size(), 0); }, failed);
}

std::size_t system_socket::send(std::span<const std::byte> from, std::error_code& failed) const noexcept {
  return moved_by([&] { return ::send(descriptor(), from.data(), from.size(), MSG_NOSIGNAL); }, failed);
}

void system_socket::end_sending() const noexcept { ::shutdown(descriptor(), SHUT_WR); } // the connection may be gone

void system_socket::close(bool resets) noexcept {
  const linger at_once{1, 0};
  if (resets)
    ::setsockopt(descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  descriptor_ = {};
}

std::error_code last_error() noexcept { return {errno, std::system_category()}; }

void send_at_once(const system_socket& of) noexcept {
  const int yes = 1;
  if (of.family() != AF_UNIX)
    ::setsockopt(of.descriptor(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

} // namespace troupe::detail
