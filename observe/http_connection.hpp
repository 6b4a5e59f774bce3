// One connection of a client, with a limit on everything. Shows cpp-httplib: for .cpp files of this folder.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <string>

#define CPPHTTPLIB_OPENSSL_SUPPORT // as the library itself was compiled, on which the sizes of its classes depend
#include <httplib.h>

namespace troupe::detail {

/// What one client may take of us.
struct connection_limits {
  std::size_t request_bytes_max = 16 * 1024; ///< Line, headers and body together.
  duration request_time_max = std::chrono::seconds{5};
  duration idle_time_max = std::chrono::seconds{2};    ///< Between two requests.
  duration sending_time_max = std::chrono::seconds{4}; ///< Of what is sent in one piece: who takes longer is dropped.
};

/// What cpp-httplib reads requests from and writes responses to. Its own one has limits on single waits only, so who sends
/// a byte now and then, or headers without end, would keep a thread for ever.
class http_connection final : public httplib::Stream {
public:
  /// @param stopping  when it becomes true, all waits end soon
  http_connection(int socket, const connection_limits& limits, const std::atomic<bool>& stopping);

  /// Waits for the first byte of a request. False: there will be none.
  bool wait_for_request();

  /// The request is longer than may be, and nothing was said to it.
  bool is_overrun() const noexcept { return request_bytes_ >= limits_.request_bytes_max && !answered_; }
  /// Ends the connection. What was sent arrives.
  void close();

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* to, std::size_t size) override;
  ssize_t write(const char* from, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

private:
  bool wait(short events, instant until) const;
  bool fill(instant until);

  const int socket_;
  const connection_limits limits_;
  const std::atomic<bool>& stopping_;
  std::array<char, 4096> read_{};
  std::size_t first_ = 0; // of what was read and not taken
  std::size_t last_ = 0;
  std::size_t request_bytes_ = 0;
  instant request_until_{};
  bool answered_ = false; // the request
  bool failed_ = false;   // nothing more is read
  bool dropped_ = false;  // nothing more is written
};

} // namespace troupe::detail
