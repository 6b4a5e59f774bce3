#include <troupe/streams/socket_transport.hpp>

#include <tests/streams/sockets.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/random.hpp>

#include <array>
#include <string_view>
#include <sys/socket.h>
#include <thread>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// A client without a reactor, so that each of its bytes leaves when it says so.
class plain_client {
public:
  explicit plain_client(const listener& to) {
    std::string why;
    const detail::network_address at =
        to.port() != 0 ? detail::addresses_of(to.address(), to.port(), detail::lookup::numeric_only, why).front()
                       : detail::network_address::of_path(to.address());
    owned_ = detail::system_descriptor{::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::connect(owned_.get(), &at.get(), at.bytes()) == 0);
  }

  void send(std::string_view bytes, int flags = 0) const noexcept {
    static_cast<void>(::send(owned_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | flags));
  }
  void end() const noexcept { ::shutdown(owned_.get(), SHUT_WR); }

private:
  detail::system_descriptor owned_;
};

/// What one read gives, which has far more room than anybody sends here; "nothing" where it waits for too long.
task<std::string> read_once(byte_stream& from) {
  std::array<std::byte, 4'096> room;
  const auto came = co_await move_on_after(5s, from.read_some(room));
  co_return came ? std::string(reinterpret_cast<const char*>(room.data()), *came) : "nothing";
}

/// Time for the reactor to tell what has come.
task<> is_told() { co_await sleep_for(20ms); }

/// Up to some microseconds, which are about as long as a read takes.
void pause_for_a_moment(seeded_random& random) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds{random.below(20'000)};
  while (std::chrono::steady_clock::now() < end)
    ;
}

} // namespace

TEST_CASE("a short read is believed, and what comes before anybody waits again is read all the same",
          "[streams][stress]") {
  for (const family of : families)
    on_sockets([&]() -> task<> {
      listener at = listening(of);
      const plain_client client{at};
      byte_stream here = co_await at.accept();
      client.send("one");
      std::string come = co_await read_once(here);
      CHECK(come == "one");
      client.send("two");
      co_await is_told();
      come = co_await read_once(here);
      CHECK(come == "two");
      client.send("three");
      client.end();
      co_await is_told(); // of both, before the read that comes short
      come = co_await read_once(here);
      CHECK(come == "three");
      come = co_await read_once(here);
      CHECK(come.empty());
    });
}

TEST_CASE("bytes and an end that come while a short read is under way are not missed", "[streams][stress]") {
  constexpr std::size_t bytes = 20;
  const std::uint64_t rounds = seeds(sanitized ? 50 : 200);
  for (const family of : families)
    on_sockets([&]() -> task<> {
      for (std::uint64_t round = 0; round < rounds; ++round) {
        listener at = listening(of);
        const plain_client client{at};
        byte_stream here = co_await at.accept();
        std::thread sends{[&] {
          seeded_random random{round};
          for (std::size_t i = 0; i < bytes; ++i) {
            client.send("x");
            pause_for_a_moment(random);
          }
          client.end();
        }};
        std::string come, more;
        do {
          more = co_await read_once(here);
          come += more;
        } while (!more.empty() && more != "nothing");
        sends.join();
        CHECK(come == std::string(bytes, 'x'));
      }
    });
}

TEST_CASE("an urgent byte, at which a read comes short, hides nothing that is behind it", "[streams][stress]") {
  on_sockets([]() -> task<> {
    listener at = listening(family::tcp);
    const plain_client client{at};
    byte_stream here = co_await at.accept();
    client.send("before");
    client.send("!", MSG_OOB);
    client.send("behind");
    co_await is_told();
    std::string come = co_await read_once(here);
    CHECK(come == "before");
    come = co_await read_once(here); // the urgent byte itself is not part of the stream
    CHECK(come == "behind");
  });
}
