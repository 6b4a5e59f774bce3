// A client that says exactly what a test wants it to.

#pragma once

#include <tests/catch.hpp>

#include <troupe/scope/steady_time.hpp>

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdlib>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace troupe::tests {

class http_client {
public:
  explicit http_client(const std::string& url, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer != 0)
      setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval limit{10, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(url.c_str() + url.rfind(':') + 1)));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  http_client(http_client&& from) noexcept : socket_(std::exchange(from.socket_, -1)), connected_(from.connected_) {}
  ~http_client() {
    if (socket_ >= 0)
      close(socket_);
  }

  bool connected() const { return connected_; }
  void send(std::string_view text) const { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }

  /// What comes until `end` is there, nothing more does, or it takes too long.
  std::string read_until(std::string_view end) const {
    const auto until = steady_time::real_now() + std::chrono::seconds{10};
    std::string text;
    std::array<char, 4096> part{};
    while ((end.empty() || text.find(end) == text.npos) && steady_time::real_now() < until) {
      const ssize_t size = recv(socket_, part.data(), part.size(), 0);
      if (size <= 0)
        break;
      text.append(part.data(), static_cast<std::size_t>(size));
    }
    return text;
  }
  std::string read_all() const { return read_until({}); }

private:
  int socket_;
  bool connected_ = false;
};

/// One request, with `headers` ("Name: value\r\n" each), and all of the answer.
inline std::string ask(const std::string& url, const std::string& line, const std::string& headers = {},
                       const std::string& body = {}) {
  const http_client client{url};
  const std::string host = headers.find("Host:") == headers.npos ? "Host: 127.0.0.1\r\n" : "";
  client.send(line + " HTTP/1.1\r\n" + host + headers +
              "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  return client.read_all();
}

} // namespace troupe::tests
