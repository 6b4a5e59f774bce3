#include <troupe/observe/request_check.hpp>

#include <tests/catch.hpp>

using namespace troupe;

TEST_CASE("a host is ours by a loopback name, whatever its port", "[observe]") {
  for (const char* host : {"127.0.0.1:8080", "localhost:9", "LOCALHOST", "[::1]:80", "127.1.2.3:1"})
    CHECK_FALSE(why_refused({host, "", "", ""}, "127.0.0.1", false));
}

TEST_CASE("a name that somebody else made to lead here is refused", "[observe]") {
  for (const char* host : {"evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "10.0.0.1"})
    CHECK(why_refused({host, "", "", ""}, "127.0.0.1", true));
}

TEST_CASE("who listens for others takes any address, and no other name", "[observe]") {
  CHECK_FALSE(why_refused({"10.0.0.7:80", "", "", ""}, "0.0.0.0", false));
  CHECK(why_refused({"evil.example:80", "", "", ""}, "0.0.0.0", false));
}

TEST_CASE("a page of another origin may not ask, but may link", "[observe]") {
  CHECK(why_refused({"127.0.0.1:80", "http://evil.example", "", ""}, "127.0.0.1", false));
  CHECK(why_refused({"127.0.0.1:80", "http://127.0.0.1:81", "", ""}, "127.0.0.1", false));
  CHECK(why_refused({"127.0.0.1:80", "", "cross-site", ""}, "127.0.0.1", false));
  CHECK(why_refused({"127.0.0.1:80", "", "same-site", ""}, "127.0.0.1", false));
  CHECK_FALSE(why_refused({"127.0.0.1:80", "", "cross-site", ""}, "127.0.0.1", true));
  CHECK_FALSE(why_refused({"127.0.0.1:80", "http://127.0.0.1:80", "same-origin", ""}, "127.0.0.1", false));
}

TEST_CASE("an order is JSON, which no form of another site can send", "[observe]") {
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"})
    CHECK(why_control_refused({"127.0.0.1:80", "", "", type}, "127.0.0.1"));
  CHECK_FALSE(why_control_refused({"127.0.0.1:80", "", "", "application/json; charset=utf-8"}, "127.0.0.1"));
}
