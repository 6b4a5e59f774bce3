#include <troupe/tools/load_protocol.hpp>

#include <tests/catch.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <vector>

using namespace troupe::tools;
using namespace std::chrono_literals;

TEST_CASE("a request is a line with its key, its number and what is left of its time", "[tools]") {
  const nlohmann::json read = nlohmann::json::parse(line_of({"c1-17", 3, 5, 250}, 17, 499'999us));
  CHECK(read == nlohmann::json{{"op", "transfer"},
                               {"key", "c1-17"},
                               {"from", 3},
                               {"to", 5},
                               {"amount", 250},
                               {"deadline_ms", 499},
                               {"id", 17}});
  CHECK(nlohmann::json::parse(line_of({"a", 1, 2, 3}, 1, -1s))["deadline_ms"] == 1);
}

TEST_CASE("each answer is told by its name", "[tools]") {
  const auto done = read_answer(R"({"ok":true,"id":17,"result":"committed","transfer":1234})");
  REQUIRE(done);
  CHECK(done->what == request_end::committed);
  CHECK(done->id == 17);
  CHECK(done->transfer == 1234);
  CHECK_FALSE(done->repeated);
  CHECK(read_answer(R"({"ok":true,"id":1,"result":"committed","transfer":9,"repeated":true,"more":[]})")->repeated);

  const auto full = read_answer(R"({"ok":false,"id":3,"error":"overloaded","message":"m","retry_after_ms":5})");
  REQUIRE(full);
  CHECK(full->what == request_end::overloaded);
  CHECK((full->retry_after == 5ms));
  for (const request_end each :
       {request_end::insufficient_funds, request_end::overloaded, request_end::deadline_exceeded, request_end::in_doubt,
        request_end::unavailable, request_end::shutting_down})
    CHECK(read_answer(R"({"ok":false,"error":")" + std::string{to_string(each)} + "\"}")->what == each);
  for (const char* const name : {"key_reused", "unknown_account", "bad_request", "too_long", "committed", "not_sent"}) {
    const auto other = read_answer(std::string{R"({"ok":false,"id":null,"error":")"} + name + "\"}");
    REQUIRE(other);
    CHECK(other->what == request_end::refused);
    CHECK(other->error == name);
    CHECK_FALSE(other->id);
  }
}

TEST_CASE("a pause of any length is one of an hour at most", "[tools]") {
  CHECK((read_answer(R"({"ok":false,"error":"overloaded","retry_after_ms":18446744073709551615})")->retry_after == 1h));
  CHECK((read_answer(R"({"ok":false,"error":"overloaded","retry_after_ms":-5})")->retry_after == 0s));
}

TEST_CASE("what is no answer of a ledger is none", "[tools]") {
  for (const char* const line :
       {"", "{", "[]", "7", "null", "HTTP/1.1 200 OK", "{}", R"({"ok":1})", R"({"ok":true})", R"({"ok":false})",
        R"({"ok":false,"error":7})", R"({"ok":true,"id":1,"result":"committed"})",
        R"({"ok":true,"id":-1,"result":"committed","transfer":1})",
        R"({"ok":true,"id":1,"result":"done","transfer":1})", "{\"ok\":true,\"id\":1,\xff}"}) {
    INFO(line);
    CHECK_FALSE(read_answer(line));
  }
}
