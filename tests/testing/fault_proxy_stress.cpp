#include <troupe/testing/fault_proxy.hpp>

#include <tests/streams/line_server.hpp>
#include <tests/testing/through_proxy.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/streams/framing.hpp>

#include <functional>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t mebibyte = 1'048'576;
using clock = std::chrono::steady_clock;

std::string many_bytes(std::size_t bytes) {
  std::string all(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i)
    all[i] = static_cast<char>(i * 2'654'435'761U >> 13U);
  return all;
}

task<> writes_all(byte_stream& to, const std::string& all) {
  co_await to.write(all);
  to.shutdown_write();
}

/// Sends it through, and reads it at the other end until that ends.
task<std::string> sent_through(byte_stream& to, byte_stream& from, const std::string& all) {
  std::string come;
  co_await in_task_group([&](task_group& group) -> task<> {
    group.start(writes_all, std::ref(to), std::cref(all));
    come = co_await from.read_to_end(all.size());
  });
  co_return come;
}

task<> writes_for_ever(byte_stream& to) {
  const std::string some(10'000, 'x');
  for (;;)
    co_await to.write(some);
}

} // namespace

TEST_CASE("a proxy without faults passes on all that comes, in both directions, and each end", "[testing][stress]") {
  const std::string all = many_bytes(5 * mebibyte);
  through_a_proxy({}, [&](fault_proxy& proxy, stream_pair& ends) -> task<> {
    const std::string there = co_await sent_through(ends.first, ends.second, all);
    CHECK((there == all));
    const std::string back = co_await sent_through(ends.second, ends.first, all);
    CHECK((back == all));
    CHECK(proxy.statistics().bytes_to_target == all.size());
    CHECK(proxy.statistics().bytes_to_client == all.size());
    CHECK(proxy.statistics().connections == 1);
  });
}

TEST_CASE("who asks through a partition gives up by its deadline, and goes on when that is over", "[testing][stress]") {
  on_sockets([]() -> task<> {
    listener server = listen_tcp("127.0.0.1", 0);
    fault_proxy network{"127.0.0.1", server.port()};
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> proxy = group.start([&]() -> task<> { co_await network.run(); });
      child<> answerer = group.start([&]() -> task<> {
        byte_stream visitor = co_await server.accept();
        co_await answers(visitor); // "re: " and each line
      });
      byte_stream client = co_await connect_tcp("127.0.0.1", network.port());
      line_reader lines{client, 100};

      network.set(proxy_direction::to_client, {.stalls_at = 0}); // from now on no answer comes
      co_await write_line(client, "anyone?");
      const auto late = co_await move_on_after(50ms, lines.next());
      CHECK_FALSE(late);

      network.set(proxy_direction::to_client, {.delay = 10ms, .at_once_max = 1}); // and now slowly, byte by byte
      const auto answer = co_await fail_after(30s, lines.next());
      CHECK(answer == "re: anyone?");
      co_await client.close();
      co_await answerer.wait_ended();
      proxy.cancel();
    });
  });
}

TEST_CASE("a proxy delays each byte, and not one behind the other", "[testing][stress]") {
  const std::string all = many_bytes(100);
  through_a_proxy({.to_target = {.delay = 100ms, .at_once_max = 1}}, [&](fault_proxy&, stream_pair& ends) -> task<> {
    const clock::time_point begin = clock::now();
    const std::string come = co_await sent_through(ends.first, ends.second, all);
    const auto took = clock::now() - begin;
    CHECK((come == all));
    CHECK((took >= 100ms));
    CHECK((took < 5s)); // 100 bytes one behind the other take 10 s
  });
}

TEST_CASE("a proxy keeps to its rate", "[testing][stress]") {
  const std::string all = many_bytes(3'000);
  through_a_proxy({.to_client = {.bytes_per_second = 10'000}}, [&](fault_proxy&, stream_pair& ends) -> task<> {
    const clock::time_point begin = clock::now();
    const std::string come = co_await sent_through(ends.second, ends.first, all);
    const auto took = clock::now() - begin;
    CHECK((come == all));
    CHECK((took >= 290ms));
  });
}

TEST_CASE("a proxy that drops a direction loses what comes, and neither side is told", "[testing][NF-9][stress]") {
  through_a_proxy({.to_target = {.drops = true}}, [](fault_proxy& proxy, stream_pair& ends) -> task<> {
    const std::string lost = many_bytes(20 * mebibyte); // more than the system keeps: it is read
    co_await ends.first.write(lost);
    const auto none = co_await move_on_after(50ms, ends.second.read_exactly(1));
    CHECK_FALSE(none);
    co_await ends.second.write("the other way");
    const std::string come = co_await ends.first.read_exactly(13);
    CHECK(come == "the other way");
    CHECK(proxy.statistics().bytes_to_target == 0);
  });
}

TEST_CASE("a stalled direction suspends who writes to it, and goes on when the stall is taken back",
          "[testing][stress]") {
  for (const std::uint64_t at : {0U, 10U, 100'000U})
    through_a_proxy({.to_target = {.stalls_at = at}}, [&](fault_proxy& proxy, stream_pair& ends) -> task<> {
      const std::string all = many_bytes(30 * mebibyte);
      bool is_whole = false;
      co_await in_task_group([&](task_group& group) -> task<> {
        child<> writes = group.start(writes_all, std::ref(ends.first), std::cref(all));
        const std::string first = co_await ends.second.read_exactly(at);
        const auto more = co_await move_on_after(50ms, ends.second.read_exactly(1));
        CHECK_FALSE(more);
        CHECK(ends.first.statistics().bytes_accepted < all.size());
        proxy.set(proxy_direction::to_target, {});
        const std::string rest = co_await ends.second.read_to_end(all.size());
        is_whole = first + rest == all;
      });
      CHECK(is_whole);
    });
}

TEST_CASE("a direction ends behind the byte that a proxy was told, and the other one goes on", "[testing][stress]") {
  for (const std::uint64_t at : {0U, 1U, 10U, 20'000U})
    through_a_proxy({.to_client = {.ends_at = at}}, [&](fault_proxy&, stream_pair& ends) -> task<> {
      const std::string all = many_bytes(5 * mebibyte);
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start(writes_all, std::ref(ends.second), std::cref(all)); // what is lost suspends nobody
        const std::string come = co_await ends.first.read_to_end(all.size());
        CHECK((come == all.substr(0, at)));
        co_await ends.first.write("still here");
        const std::string word = co_await ends.second.read_exactly(10);
        CHECK(word == "still here");
      });
    });
}

TEST_CASE("a connection is reset behind the byte that a proxy was told, for both sides, and other ones stay",
          "[testing][stress]") {
  for (const std::uint64_t at : {0U, 1U, 10U, 20'000U})
    with_a_proxy({.to_target = {.resets_at = at}}, [&](fault_proxy& proxy, listener& targets) -> task<> {
      byte_stream client = co_await client_of(proxy);
      byte_stream target = co_await targets.accept();
      proxy.set(proxy_direction::to_client, {.at_once_max = 7});
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start([&]() -> task<> {
          const auto lost = co_await error_of<peer_reset>(writes_for_ever(client));
          CHECK(lost.bytes_accepted() <= 10'000);
        });
        const std::string come = co_await target.read_exactly(at);
        CHECK(come.size() == at);
        static_cast<void>(co_await error_of<peer_reset>(target.read_exactly(1)));
      });
      static_cast<void>(co_await error_of<peer_reset>(client.write("x")));
      CHECK(proxy.statistics().bytes_to_target == at);
      proxy.set(proxy_direction::to_target, {});
      byte_stream second_client = co_await client_of(proxy);
      byte_stream second_target = co_await targets.accept();
      const std::string all = many_bytes(mebibyte);
      const std::string there = co_await sent_through(second_client, second_target, all);
      CHECK((there == all));
    });
}

TEST_CASE("a proxy resets all of its connections when it is told to", "[testing][stress]") {
  with_a_proxy({}, [](fault_proxy& proxy, listener& targets) -> task<> {
    std::vector<byte_stream> ends;
    for (std::size_t i = 0; i < 10; ++i) {
      ends.push_back(co_await client_of(proxy));
      ends.push_back(co_await targets.accept());
      co_await ends[2 * i].write("x"); // so the proxy has both of its ends
      co_await ends.back().read_exactly(1);
    }
    proxy.reset_connections();
    for (byte_stream& each : ends)
      static_cast<void>(co_await error_of<peer_reset>(each.read_exactly(1)));
  });
}

TEST_CASE("a reset of one side is one of the other side of a proxy, too", "[testing][stress]") {
  for (const bool of_the_client : {false, true})
    through_a_proxy({}, [&](fault_proxy&, stream_pair& ends) -> task<> {
      co_await ends.first.write("x");
      co_await ends.second.read_exactly(1);
      (of_the_client ? ends.first : ends.second).abort();
      byte_stream& other = of_the_client ? ends.second : ends.first;
      static_cast<void>(co_await error_of<peer_reset>(other.read_exactly(1)));
    });
}

TEST_CASE("who connects to a proxy without a target is reset, and counted", "[testing][stress]") {
  on_sockets([]() -> task<> {
    listener at = listening(family::tcp);
    fault_proxy proxy{at.address(), at.port()};
    at.close();
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> running = group.start([&]() -> task<> { co_await proxy.run(); });
      byte_stream client = co_await client_of(proxy);
      static_cast<void>(co_await error_of<peer_reset>(client.read_exactly(1)));
      CHECK(proxy.statistics().unreachable == 1);
      running.cancel();
    });
  });
}

TEST_CASE("a proxy that is stopped resets its connections, whatever holds them up, and nobody can connect any more",
          "[testing][stress]") {
  const proxy_faults holds_up[] = {
      {}, {.delay = 1h}, {.bytes_per_second = 1}, {.drops = true}, {.stalls_at = 0}, {.ends_at = 0}};
  for (const proxy_faults& each : holds_up)
    on_sockets([&]() -> task<> {
      listener at = listening(family::tcp);
      fault_proxy proxy{at.address(), at.port(), {.to_target = each, .to_client = each}};
      co_await in_task_group([&](task_group& group) -> task<> {
        child<> running = group.start([&]() -> task<> { co_await proxy.run(); });
        byte_stream client = co_await client_of(proxy);
        byte_stream target = co_await at.accept();
        co_await client.write("word");
        running.cancel();
        static_cast<void>(co_await error_of<peer_reset>(writes_for_ever(client)));
        static_cast<void>(co_await error_of<peer_reset>(writes_for_ever(target)));
      });
      static_cast<void>(co_await error_of<connect_error>(client_of(proxy)));
    });
}
