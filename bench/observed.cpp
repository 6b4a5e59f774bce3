// What a live view costs: `pipeline` without one, with one that nobody follows, and with one that clients follow.

#include <troupe/bench/workloads.hpp>
#include <troupe/observe/observer.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace troupe::bench {

namespace {

using namespace std::chrono_literals;

/// Clients that read all that /events sends, in one thread of their own.
class followers {
public:
  followers(const std::string& url, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      connect_to(url);
    thread_ = std::thread([this] { read(); });
    while (fresh_ != 0) // each has been sent the tree
      std::this_thread::yield();
  }
  ~followers() {
    stopping_ = true;
    thread_.join();
    for (const pollfd& each : sockets_)
      close(each.fd);
  }
  followers(const followers&) = delete;
  followers& operator=(const followers&) = delete;

  std::uint64_t bytes() const noexcept { return bytes_; }

private:
  void connect_to(const std::string& url) {
    const int made = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(url.c_str() + url.rfind(':') + 1)));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    constexpr std::string_view asked = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    if (connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 ||
        send(made, asked.data(), asked.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(asked.size()))
      throw std::system_error(errno, std::generic_category(), "a client could not follow");
    sockets_.push_back({made, POLLIN, 0});
    ++fresh_;
  }

  void read() {
    std::vector<std::string> begun(sockets_.size()); // what came, until it has the tree in it
    std::vector<bool> has_tree(sockets_.size(), false);
    std::array<char, 65'536> part{};
    while (!stopping_) {
      poll(sockets_.data(), sockets_.size(), 20);
      for (std::size_t i = 0; i < sockets_.size(); ++i) {
        if (sockets_[i].revents == 0)
          continue;
        const ssize_t size = recv(sockets_[i].fd, part.data(), part.size(), 0);
        if (size <= 0) { // it was refused, or dropped
          std::fputs("troupe_bench: a client was sent away\n", stderr);
          std::_Exit(1);
        }
        bytes_ += static_cast<std::uint64_t>(size);
        if (has_tree[i])
          continue;
        begun[i].append(part.data(), static_cast<std::size_t>(size));
        if (begun[i].find("event: state") != std::string::npos) {
          has_tree[i] = true;
          --fresh_;
        }
      }
    }
  }

  std::vector<pollfd> sockets_;
  std::atomic<std::size_t> fresh_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// Of one run.
struct costs {
  double seconds = 0;
  double cpu = 0;          // seconds, of all threads, those of the clients too
  std::uint64_t bytes = 0; // that clients were sent meanwhile
  bool right = false;
};

double cpu_now() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

enum class view : std::uint8_t { none, unseen, followed };

/// One run on workers of its own: first a tenth that does not count, during which clients come.
costs run_once(view how_seen, const runtime& like, settings how) {
  shown_mailbox box;
  how.shown = &box;
  std::optional<observer> live;
  if (how_seen != view::none)
    live.emplace();
  runtime_options options;
  options.workers = like.workers();
  options.handle_signals = false; // the runtime beside it does
  options.sink = live ? &live->sink() : nullptr;
  runtime here{options};
  std::optional<observation> attached;
  std::optional<followers> clients;
  if (live)
    attached.emplace(live->attach({.tree = [&here] { return here.snapshot(); },
                                   .flows =
                                       [&box] {
                                         return std::vector<flow_seen>{{"items", {"/"}, {"/"}, box.statistics()}};
                                       },
                                   .title = "pipeline"}));
  if (how_seen == view::followed)
    clients.emplace(live->url(), how.clients);
  settings first = how;
  first.n = std::max<std::int64_t>(1, how.n / 10);
  const bool warm = pipeline(here, first).right;
  const std::uint64_t bytes = clients ? clients->bytes() : 0;
  const double cpu = cpu_now();
  const measured seen = pipeline(here, how);
  return {seen.seconds, cpu_now() - cpu, clients ? clients->bytes() - bytes : 0, warm && seen.right};
}

std::string quartiles(const std::string& name, std::vector<double> ratios) {
  std::sort(ratios.begin(), ratios.end());
  const auto at = [&ratios](std::size_t quarter) { return ratios[(ratios.size() - 1) * quarter / 4]; };
  char text[100];
  std::snprintf(text, sizeof text, "%s=%.3f(%.3f..%.3f) ", name.c_str(), at(2), at(1), at(3));
  return text;
}

} // namespace

/// `more` has what a run takes, of time and of CPU, as a share of one without a live view next to it: the median of the
/// pairs, and their quartiles. `again` is a second one without, for what the machine itself makes of two equal runs.
measured observed(runtime& on, const settings& how) {
  constexpr std::array views{view::none, view::unseen, view::followed, view::none};
  constexpr std::array names{"", "unseen", "followed", "again"};
  std::array<std::vector<double>, views.size()> time, cpu;
  measured all{0, 0, true};
  std::uint64_t bytes = 0;
  for (std::size_t round = 0; round < how.pairs; ++round) {
    std::array<costs, views.size()> seen;
    for (std::size_t step = 0; step < views.size(); ++step) {
      const std::size_t at = round % 2 == 0 ? step : views.size() - 1 - step; // in turn in both orders
      const std::size_t which = (at + round / 2) % views.size();
      seen[which] = run_once(views[which], on, how);
      bytes += seen[which].bytes;
      all.right = all.right && seen[which].right;
      all.seconds += seen[which].seconds;
      all.items += how.n;
    }
    for (std::size_t i = 1; i < views.size(); ++i) {
      time[i].push_back(seen[i].seconds / seen[0].seconds);
      cpu[i].push_back(seen[i].cpu / seen[0].cpu);
    }
  }
  for (std::size_t i = 1; i < views.size(); ++i)
    all.more += quartiles(std::string(names[i]) + "_time", time[i]) + quartiles(std::string(names[i]) + "_cpu", cpu[i]);
  all.more += "sent_kb=" + std::to_string(bytes / 1000);
  return all;
}

} // namespace troupe::bench
