// Sockets and addresses as the system has them, without any waiting.

#pragma once

#include <troupe/streams/stream_error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <utility>
#include <vector>

namespace troupe::detail {

/// What a socket is bound or connected to: of TCP, or a path.
class network_address {
public:
  network_address() = default;
  /// @throws std::system_error  no address of a socket is as long
  static network_address of_path(const std::string& path);
  /// As the system has given it.
  network_address(const sockaddr& given, socklen_t bytes) noexcept;

  int family() const noexcept { return any_.ss_family; }
  const sockaddr& get() const noexcept { return reinterpret_cast<const sockaddr&>(any_); }
  socklen_t bytes() const noexcept { return bytes_; }

  /// "127.0.0.1", "::1", or the path. Empty: it has none.
  std::string host() const;
  std::uint16_t port() const noexcept;
  /// "127.0.0.1:80", "[::1]:80", or the path.
  std::string text() const;

private:
  sockaddr_storage any_{};
  socklen_t bytes_ = 0;
};

/// "example.org:80", "[::1]:80"
std::string host_and_port(const std::string& host, std::uint16_t port);

enum class lookup : bool { numeric_only, names_too };
/// The addresses of a host, best first; none: `why` says why not. Blocks where names are looked up.
std::vector<network_address> addresses_of(const std::string& host, std::uint16_t port, lookup how, std::string& why);

/// Owner of a descriptor.
class system_descriptor {
public:
  system_descriptor() noexcept = default;
  explicit system_descriptor(int owned) noexcept : owned_(owned) {}
  system_descriptor(system_descriptor&& other) noexcept : owned_(std::exchange(other.owned_, -1)) {}
  system_descriptor& operator=(system_descriptor&& other) noexcept {
    system_descriptor taken{std::move(other)};
    std::swap(owned_, taken.owned_);
    return *this;
  }
  ~system_descriptor();

  int get() const noexcept { return owned_; }
  explicit operator bool() const noexcept { return owned_ >= 0; }

private:
  int owned_ = -1;
};

/// Owner of a socket, which does not block, and is not passed on to programs that are started.
class system_socket {
public:
  system_socket() noexcept = default;
  system_socket(int descriptor, int family) noexcept : descriptor_(descriptor), family_(family) {}

  /// For addresses of this family; without a descriptor where that failed, with the reason in `failed`.
  static system_socket open(int family, std::error_code& failed) noexcept;

  int descriptor() const noexcept { return descriptor_.get(); }
  int family() const noexcept { return family_; }
  explicit operator bool() const noexcept { return static_cast<bool>(descriptor_); }

  /// @name Without waiting: an error that is `operation_would_block` says that it would
  ///@{
  /// @returns how many bytes came; 0 without an error: no more ever will
  std::size_t receive(std::span<std::byte> to, std::error_code& failed) const noexcept;
  std::size_t send(std::span<const std::byte> from, std::error_code& failed) const noexcept;
  ///@}
  /// The other side will read the end.
  void end_sending() const noexcept;
  /// Closes it; a second call does nothing.
  ///
  /// @param resets  what the system has not sent yet is dropped, and the other side of a TCP connection sees a reset
  void close(bool resets) noexcept;

private:
  system_descriptor descriptor_;
  int family_ = AF_UNSPEC;
};

/// Of the last call of the system on this thread.
std::error_code last_error() noexcept;

/// Of TCP sockets, sends small writes at once. Others have no such delay.
void send_at_once(const system_socket& of) noexcept;

} // namespace troupe::detail
