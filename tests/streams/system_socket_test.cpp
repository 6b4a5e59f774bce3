#include <troupe/streams/system_socket.hpp>

#include <tests/catch.hpp>

#include <fcntl.h>

using namespace troupe::detail;

TEST_CASE("numeric addresses are found without asking anybody, and shown as they are written", "[streams]") {
  std::string why;
  const auto of_4 = addresses_of("127.0.0.1", 80, lookup::numeric_only, why);
  REQUIRE(of_4.size() == 1);
  CHECK(of_4.front().text() == "127.0.0.1:80");
  const auto of_6 = addresses_of("::1", 8'080, lookup::numeric_only, why);
  REQUIRE(of_6.size() == 1);
  CHECK(of_6.front().text() == "[::1]:8080");
  CHECK(of_6.front().host() == "::1");
  CHECK(of_6.front().port() == 8'080);
  CHECK(why.empty());
  CHECK(addresses_of("localhost", 80, lookup::numeric_only, why).empty());
  CHECK_FALSE(why.empty());
  CHECK(host_and_port("example.org", 1) == "example.org:1");
}

TEST_CASE("a path is the address of a socket if it is not too long", "[streams]") {
  const network_address at = network_address::of_path("/tmp/some.socket");
  CHECK(at.text() == "/tmp/some.socket");
  CHECK(at.port() == 0);
  CHECK(network_address{}.text().size() <= 2);
  CHECK_THROWS_AS(network_address::of_path(std::string(108, 'x')), std::system_error);
  CHECK_THROWS_AS(network_address::of_path(""), std::system_error);
}

TEST_CASE("a socket of the system is closed by its last owner, and no program that is started has it", "[streams]") {
  std::error_code failed;
  system_socket first = system_socket::open(AF_INET, failed);
  REQUIRE(first);
  CHECK_FALSE(failed);
  const int descriptor = first.descriptor();
  CHECK((fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0);
  system_socket second = std::move(first);
  CHECK(second.descriptor() == descriptor);
  second = system_socket{};
  CHECK(fcntl(descriptor, F_GETFD) == -1);
  CHECK_FALSE(system_socket::open(12'345, failed));
  CHECK(failed);
}
