#include <troupe/observe/http_connection.hpp>
#include <troupe/scope/steady_time.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::detail {

namespace {

using namespace std::chrono_literals;

// So often a wait looks whether the server stops. Only waits for a client that has something to do take that long.
constexpr duration look_pause = 100ms;
constexpr std::size_t drain_bytes_max = 256 * 1024;
constexpr duration drain_time_max = 200ms;
// A client that does not read costs the kernel no more.
constexpr int send_buffer_bytes = 128 * 1024;

} // namespace

http_connection::http_connection(int socket, const connection_limits& limits, const std::atomic<bool>& stopping)
    : socket_(socket), limits_(limits), stopping_(stopping) {
  setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof send_buffer_bytes);
}

bool http_connection::wait(short events, instant until) const {
  while (!stopping_.load()) {
    const duration left = until - steady_time::real_now();
    if (left <= duration::zero())
      return false;
    const auto part = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, look_pause));
    pollfd polled{socket_, events, 0};
    const int ready = poll(&polled, 1, static_cast<int>(part.count()));
    if (ready > 0)
      return (polled.revents & (POLLERR | POLLNVAL)) == 0;
    if (ready < 0 && errno != EINTR)
      return false;
  }
  return false;
}

bool http_connection::fill(instant until) {
  if (first_ != last_)
    return true;
  if (failed_ || !wait(POLLIN, until))
    return false;
  const ssize_t size = recv(socket_, read_.data(), read_.size(), MSG_DONTWAIT);
  if (size <= 0) {
    failed_ = true;
    return false;
  }
  first_ = 0;
  last_ = static_cast<std::size_t>(size);
  return true;
}

bool http_connection::wait_for_request() {
  const instant now = steady_time::real_now();
  if (!fill(now + limits_.idle_time_max))
    return false;
  request_bytes_ = 0;
  answered_ = false;
  request_until_ = steady_time::real_now() + limits_.request_time_max;
  return true;
}

void http_connection::close() {
  // What the client has sent and we have not read would reset the connection, and our answer with it.
  shutdown(socket_, SHUT_WR);
  const instant until = steady_time::real_now() + drain_time_max;
  for (std::size_t left = drain_bytes_max; left > read_.size() && wait(POLLIN, until); left -= read_.size())
    if (recv(socket_, read_.data(), read_.size(), MSG_DONTWAIT) <= 0)
      break;
  ::close(socket_);
}

bool http_connection::is_readable() const { return first_ != last_ || wait(POLLIN, request_until_); }

bool http_connection::is_writable() const {
  return !dropped_ && wait(POLLOUT, steady_time::real_now() + limits_.sending_time_max);
}

ssize_t http_connection::read(char* to, std::size_t size) {
  if (request_bytes_ >= limits_.request_bytes_max || !fill(request_until_)) {
    failed_ = true;
    return -1;
  }
  const std::size_t taken = std::min({size, last_ - first_, limits_.request_bytes_max - request_bytes_});
  std::memcpy(to, read_.data() + first_, taken);
  first_ += taken;
  request_bytes_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t http_connection::write(const char* from, std::size_t size) {
  answered_ = true;
  const instant until = steady_time::real_now() + limits_.sending_time_max;
  std::size_t sent = 0;
  while (sent < size && !dropped_) {
    const ssize_t more = send(socket_, from + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (more > 0)
      sent += static_cast<std::size_t>(more);
    else if (!(more < 0 && (errno == EINTR || ((errno == EAGAIN || errno == EWOULDBLOCK) && wait(POLLOUT, until)))))
      dropped_ = true;
  }
  return sent == size ? static_cast<ssize_t>(size) : -1;
}

void http_connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear(); // nobody asks
  port = 0;
}

void http_connection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

} // namespace troupe::detail
