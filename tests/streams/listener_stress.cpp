#include <troupe/streams/socket.hpp>

#include <tests/streams/sockets.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/snapshot.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/random.hpp>

#include <fstream>
#include <functional>
#include <optional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

bool exists(const std::string& path) {
  struct stat unused {};
  return ::lstat(path.c_str(), &unused) == 0;
}

template <class Function>
std::string listen_error_of(Function function) {
  try {
    function();
  } catch (const listen_error& failed) {
    return failed.what();
  }
  return "it listens";
}

/// While it lives this process can open nothing.
class no_descriptors {
public:
  no_descriptors() {
    const int next = ::dup(0);
    ::close(next);
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  no_descriptors(const no_descriptors&) = delete;
  no_descriptors& operator=(const no_descriptors&) = delete;

private:
  rlimit before_{};
};

} // namespace

TEST_CASE("a listener accepts no more than may be open, and goes on once one is closed", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      listener at = listening(of, {.connections_max = 2});
      std::vector<byte_stream> clients;
      for (int i = 0; i < 4; ++i) {
        byte_stream client = co_await connected_to(at);
        clients.push_back(std::move(client));
      }
      byte_stream first = co_await at.accept();
      std::optional<byte_stream> second{co_await at.accept()};
      auto third = co_await move_on_after(30ms, at.accept());
      CHECK_FALSE(third);
      CHECK(at.statistics().open == 2);
      co_await first.close();
      third = co_await move_on_after(10s, at.accept());
      CHECK(third);
      // One that waits is woken by the one that goes.
      std::optional<byte_stream> fourth;
      const auto accepts = [&]() -> task<> { fourth = co_await at.accept(); };
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(accepts);
        co_await sleep_for(20ms);
        second.reset();
      });
      CHECK(fourth);
      CHECK(at.statistics().open == 2);
      CHECK(at.statistics().accepted == 4);
      // And by the close of the listener.
      bool is_told = false;
      const auto waits = [&]() -> task<> {
        static_cast<void>(co_await error_of<stream_closed>(at.accept()));
        is_told = true;
      };
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(waits);
        co_await sleep_for(20ms);
        at.close();
      });
      CHECK(is_told);
      fourth.reset();
      CHECK(at.statistics().open == 1);
    });
}

TEST_CASE("an accept that is cancelled at any moment loses no connection", "[streams][stress]") {
  const int connections = sanitized ? 200 : 1'000;
  for (const family of : families)
    on_sockets([&]() -> task<> {
      listener at = listening(of, {.backlog = 1'024});
      const auto connects = [&]() -> task<> {
        for (int i = 0; i < connections; ++i) {
          byte_stream made = co_await connected_to(at);
          co_await made.write("x");
          co_await made.close();
          if (i % 16 == 0)
            co_await sleep_for(std::chrono::microseconds{i % 100});
        }
      };
      int accepted = 0, served = 0;
      const auto accepts = [&]() -> task<> {
        for (int i = 0; accepted < connections; ++i) {
          auto come = co_await move_on_after(std::chrono::microseconds{i % 50}, at.accept());
          if (!come)
            continue;
          ++accepted;
          const std::string word = co_await come->read_to_end(10);
          served += word == "x";
        }
      };
      co_await in_task_group([&](task_group& group) {
        group.start(connects);
        group.start(accepts);
      });
      CHECK(accepted == connections);
      CHECK(served == connections);
      CHECK(at.statistics().accepted == static_cast<std::uint64_t>(connections));
    });
}

TEST_CASE("a closed listener says so to who waits for it and to who comes later, and nobody can connect",
          "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      listener at = listening(of);
      std::atomic<int> told = 0;
      std::atomic<int> busy = 0;
      const auto accepts = [&]() -> task<> {
        static_cast<void>(co_await error_of<stream_closed>(at.accept()));
        ++told;
      };
      const auto accepts_as_well = [&]() -> task<> {
        co_await sleep_for(10ms);
        const auto refused = co_await error_of<stream_busy>(at.accept());
        busy += std::string{refused.what()} == "another fiber is accepting from this listener: one at a time";
      };
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(accepts);
        group.start(accepts_as_well);
        co_await sleep_for(30ms);
        at.close();
      });
      co_await accepts();
      CHECK(told == 2);
      CHECK(busy == 1);
      CHECK_FALSE(at.is_open());
      CHECK((of == family::tcp || !exists(at.address())));
      static_cast<void>(co_await error_of<connect_error>(connected_to(at)));
    });
}

TEST_CASE("a port or a path that another one listens on is an error, which says where", "[streams][stress]") {
  on_sockets([]() -> task<> {
    listener at = listen_tcp("127.0.0.1", 0);
    const std::string where = "127.0.0.1:" + std::to_string(at.port());
    CHECK(listen_error_of([&] { listen_tcp("127.0.0.1", at.port()); }) ==
          "cannot listen on " + where + ": Address already in use");
    CHECK(listen_error_of([] { listen_tcp("localhost", 1); }) ==
          "cannot listen on localhost:1: \"localhost\" is no numeric address");
    CHECK(listen_error_of([] { listen_tcp("203.0.113.1", 1); }) ==
          "cannot listen on 203.0.113.1:1: Cannot assign requested address");

    listener local = listening(family::unix_domain);
    CHECK(listen_error_of([&] { listen_unix(local.address()); }) ==
          "cannot listen on " + local.address() + ": Address already in use");
    byte_stream probe = co_await local.accept(); // of who has looked whether somebody listens
    const std::string none = co_await probe.read_to_end(1);
    CHECK(none.empty());
    CHECK(exists(local.address()));
    CHECK(listen_error_of([] { listen_unix(std::string(200, 'x')); }).ends_with(": File name too long"));
    CHECK(listen_error_of([] { listen_unix(""); }) == "cannot listen on : No such file or directory");
  });
}

TEST_CASE("a socket file that nobody listens on is replaced, and no other file is", "[streams][stress]") {
  on_sockets([]() -> task<> {
    const std::string path = path_for_socket(), aside = path + ".old";
    {
      listener gone = listen_unix(path);
      REQUIRE(::rename(path.c_str(), aside.c_str()) == 0);
    }
    REQUIRE(::rename(aside.c_str(), path.c_str()) == 0); // it was left behind
    std::optional<listener> at{listen_unix(path)};
    byte_stream first = co_await connect_unix(path);
    byte_stream second = co_await at->accept();
    CHECK(at->address() == path);
    CHECK(second.describe().find("from " + path) != std::string::npos);
    at.reset();
    CHECK_FALSE(exists(path));
    std::ofstream{path} << "words";
    CHECK(listen_error_of([&] { listen_unix(path); }) == "cannot listen on " + path + ": Address already in use");
    CHECK(exists(path));
    ::unlink(path.c_str());
    // A file that has taken the place of its own is left alone.
    at.emplace(listen_unix(path));
    ::unlink(path.c_str());
    std::ofstream{path} << "words";
    at.reset();
    CHECK(exists(path));
    ::unlink(path.c_str());
  });
}

// UndefinedBehaviorSanitizer takes a descriptor to look at an object, and calls the object wrong where it gets none.
#if defined(__has_feature)
#define IS_LOOKED_AT_BY_DESCRIPTORS __has_feature(undefined_behavior_sanitizer)
#else
#define IS_LOOKED_AT_BY_DESCRIPTORS 0
#endif

#if !IS_LOOKED_AT_BY_DESCRIPTORS
TEST_CASE("where descriptors are short an accept waits, is counted, and says so", "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      std::uint64_t told = 0;
      const listen_options tells{.on_shortage = [&told](const std::error_code& why) {
        CHECK(why == std::errc::too_many_files_open);
        if (++told == 2)
          throw std::runtime_error("enough");
      }};
      listener at = listening(of, tells);
      byte_stream client = co_await connected_to(at);
      {
        const no_descriptors now;
        const auto enough = co_await error_of<std::runtime_error>(at.accept());
        CHECK(std::string{enough.what()} == "enough");
        const auto come = co_await move_on_after(150ms, at.accept());
        CHECK_FALSE(come);
        static_cast<void>(co_await error_of<connect_error>(connected_to(at)));
      }
      CHECK(told == at.statistics().shortages);
      CHECK(at.statistics().shortages >= 3);
      CHECK(at.statistics().shortages <= 5);
      byte_stream come = co_await at.accept();
      co_await client.write("x");
      const std::string word = co_await come.read_exactly(1);
      CHECK(word == "x");
      CHECK(at.statistics().accepted == 1);
    });
}
#endif

TEST_CASE("who waits for a connection is idle by nature", "[streams][stress]") {
  thread_pool_executor executor{2};
  std::string on;
  bool is_daemon = false;
  const auto watched = [&]() -> task<> {
    listener at = listen_tcp("127.0.0.1", 0);
    fiber* accepting = nullptr;
    const auto accepts = [&]() -> task<> {
      accepting = this_fiber::pointer();
      static_cast<void>(co_await as_outcome(at.accept()));
    };
    co_await in_task_group([&](task_group& group) -> task<> {
      group.start(accepts);
      co_await sleep_for(50ms);
      is_daemon = accepting->waits_how() == fiber::wait_kind::daemon;
      on = accepting->waits_on()->describe();
      group.cancel();
    });
  };
  executor.run(watched).value();
  CHECK(is_daemon);
  CHECK(on.starts_with("listener #"));
  CHECK(on.ends_with(" (0 of 1000 open)"));
}
