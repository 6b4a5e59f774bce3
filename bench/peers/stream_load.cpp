// The load of `echo` and `lines`, the same for all servers: epoll, one thread, and one request under way per connection.
//
//   stream_load PORT echo|lines REQUESTS CONNECTIONS
//
// Sends a tenth of REQUESTS to warm up, then those that count, and prints `requests seconds p50_us p99_us`. Each request
// is another 64 bytes, and each answer is compared with what it must be: exit code 1, and a sentence, where one is wrong.

#include "peer.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <memory>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <vector>

namespace {

using peer::fail;

constexpr size_t request_bytes = 64; // with the newline
constexpr std::string_view line_prefix = "ok ";
constexpr int patience_seconds = 10; // for one answer
constexpr int connections_max = 10'000;

struct parameters {
  uint16_t port;
  std::string_view prefix; // of an answer, before the request
  int64_t warm, measured;  // requests
  int connections;
};

parameters read_parameters(int argc, char** argv) {
  const std::string_view what = argc == 5 ? argv[2] : "";
  const long port = argc == 5 ? atol(argv[1]) : 0;
  const long requests = argc == 5 ? atol(argv[3]) : 0;
  const long connections = argc == 5 ? atol(argv[4]) : 0;
  if (port < 1 || port > 65'535 || requests < 1 || connections < 1 || connections > connections_max ||
      (what != "echo" && what != "lines"))
    fail(std::string("usage: ") + argv[0] + " PORT echo|lines REQUESTS CONNECTIONS", 2);
  return {static_cast<uint16_t>(port), what == "lines" ? line_prefix : "", requests / 10, requests,
          static_cast<int>(connections)};
}

[[noreturn]] void fail_of_system(const std::string& what) { fail(what + ": " + strerror(errno)); }

std::string readable(std::string_view bytes) {
  std::string text = "`";
  for (const char each : bytes)
    text += each == '\n' ? "\\n" : each >= ' ' && each <= '~' ? std::string(1, each) : "?";
  return text + "`";
}

/// One connection: the request that is under way, and what has come of its answer.
class connection {
public:
  connection(const parameters& of, int number) : name_("connection " + std::to_string(number)), prefix_(of.prefix) {
    expected_ = std::string(prefix_) + std::string(request_bytes, '\n');
    for (size_t i = 0; i + 1 < request_bytes; ++i) // behind the number, other characters for each connection
      expected_[prefix_.size() + i] = static_cast<char>('!' + (static_cast<size_t>(number) * 7 + i * 5) % 94);
    connect_to(of.port);
  }

  int descriptor() const { return descriptor_; }

  /// Sends the request of that number. There is always room for it.
  void send_request(int64_t number, double now) {
    char* const request = expected_.data() + prefix_.size();
    for (int i = 15; i >= 0; --i, number >>= 4)
      request[i] = "0123456789abcdef"[number & 15];
    came_ = 0;
    sent_at_ = now;
    const ssize_t went = send(descriptor_, request, request_bytes, MSG_NOSIGNAL);
    if (went < 0)
      fail_of_system(name_ + " cannot send");
    if (went != request_bytes)
      fail(name_ + " sent a part of a request only");
  }

  /// Whether all of the answer has come now.
  bool read_answer() {
    char come[line_prefix.size() + request_bytes + 1]; // one more than there must be
    const size_t left = expected_.size() - came_;
    const ssize_t bytes = recv(descriptor_, come, left + 1, MSG_DONTWAIT);
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
      return false;
    if (bytes < 0)
      fail_of_system(name_ + " cannot read");
    if (bytes == 0)
      fail("WRONG RESULT: " + name_ + " was closed where " + std::to_string(left) + " bytes were to come");
    const std::string_view now{come, static_cast<size_t>(bytes)};
    if (now.size() > left || memcmp(expected_.data() + came_, come, now.size()) != 0)
      fail("WRONG RESULT: " + name_ + " read " + readable(now) + " where " +
           readable(std::string_view{expected_}.substr(came_)) + " was to come");
    came_ += now.size();
    return came_ == expected_.size();
  }
  double seconds_until(double now) const { return now - sent_at_; }

  /// Ends it, and sees that nothing but the end comes.
  void finish() {
    const timeval patience{patience_seconds, 0};
    char more = 0;
    shutdown(descriptor_, SHUT_WR);
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (recv(descriptor_, &more, 1, 0) != 0)
      fail("WRONG RESULT: " + name_ + " read no end after its last answer");
    close(descriptor_);
  }

private:
  void connect_to(uint16_t port) {
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_port = htons(port);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1;
    descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor_ < 0 || connect(descriptor_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0 ||
        setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0)
      fail_of_system(name_ + " cannot be made");
  }

  const std::string name_;
  const std::string_view prefix_;
  std::string expected_; // the whole answer; the request is its end
  size_t came_ = 0;
  double sent_at_ = 0;
  int descriptor_ = -1;
};

/// How long each answer took.
class latencies {
public:
  explicit latencies(int64_t count) { seconds_.reserve(static_cast<size_t>(count)); }

  void add(double seconds) { seconds_.push_back(static_cast<float>(seconds)); }
  /// In microseconds; so many percent took no longer.
  double percentile(size_t percent) {
    const size_t rank = std::max<size_t>(1, (seconds_.size() * percent + 99) / 100);
    const auto at = seconds_.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(seconds_.begin(), at, seconds_.end());
    return static_cast<double>(*at) * 1e6;
  }

private:
  std::vector<float> seconds_;
};

class load {
public:
  explicit load(const parameters& asked) : asked_(asked), took_(asked.measured), poll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (int i = 0; i < asked.connections; ++i) {
      connections_.push_back(std::make_unique<connection>(asked, i));
      epoll_event wanted{};
      wanted.events = EPOLLIN;
      wanted.data.ptr = connections_.back().get();
      if (epoll_ctl(poll_, EPOLL_CTL_ADD, connections_.back()->descriptor(), &wanted) != 0)
        fail_of_system("a connection cannot be watched");
    }
  }

  void run() {
    began_ = peer::now();
    for (const auto& each : connections_)
      send_next(*each, peer::now());
    while (answered_ < all())
      answer_those_that_are_ready();
    const double seconds = peer::now() - began_;
    for (const auto& each : connections_)
      each->finish();
    printf("%lld %.6f %.1f %.1f\n", static_cast<long long>(asked_.measured), seconds, took_.percentile(50),
           took_.percentile(99));
  }

private:
  int64_t all() const { return asked_.warm + asked_.measured; }

  void answer_those_that_are_ready() {
    epoll_event ready[64];
    const int count = epoll_wait(poll_, ready, 64, patience_seconds * 1000);
    if (count == 0)
      fail("WRONG RESULT: no answer came for " + std::to_string(patience_seconds) + " s, after " +
           std::to_string(answered_) + " of " + std::to_string(all()));
    for (int i = 0; i < count; ++i) {
      auto& one = *static_cast<connection*>(ready[i].data.ptr);
      if (!one.read_answer())
        continue;
      const double now = peer::now();
      if (++answered_ > asked_.warm)
        took_.add(one.seconds_until(now));
      else if (answered_ == asked_.warm)
        began_ = now;
      send_next(one, now);
    }
  }

  void send_next(connection& by, double now) {
    if (sent_ < all())
      by.send_request(sent_++, now);
  }

  const parameters asked_;
  latencies took_;
  const int poll_;
  std::vector<std::unique_ptr<connection>> connections_;
  int64_t sent_ = 0, answered_ = 0;
  double began_ = 0; // what counts
};

} // namespace

int main(int argc, char** argv) {
  load all{read_parameters(argc, argv)};
  all.run();
  return 0;
}
