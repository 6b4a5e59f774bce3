#include <troupe/ledger/protocol.hpp>

#include <tests/catch.hpp>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

using namespace troupe;
using namespace troupe::ledger;
using namespace std::chrono_literals;

namespace {

/// What is wrong with a line; empty: nothing.
std::string wrong(const std::string& line) {
  try {
    static_cast<void>(parse_request(line));
    return {};
  } catch (const bad_request& error) {
    return error.what();
  }
}

std::string id_of_wrong(const std::string& line) {
  try {
    static_cast<void>(parse_request(line));
    return "no error";
  } catch (const bad_request& error) {
    return error.id();
  }
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string transfer_with(const std::string& fields) { return R"({"op":"transfer",)" + fields + '}'; }

} // namespace

TEST_CASE("each kind of request is read, in any order of its fields", "[ledger]") {
  const request made =
      parse_request(R"({"amount":250,"op":"transfer","key":"c1-17","from":3,"to":5,"deadline_ms":500,"id":17})");
  CHECK(made.id == "17");
  CHECK(made.deadline == 500ms);
  CHECK(std::get<transfer>(made.what) == transfer{"c1-17", 3, 5, 250});
  const request plain = parse_request(R"(  {"op" : "balance" , "account":0}  )");
  CHECK(plain.id.empty());
  CHECK(plain.deadline == 1s);
  CHECK(std::get<balance_request>(plain.what).account == 0);
  CHECK(std::get<status_request>(parse_request(R"({"op":"status","key":"a b"})").what).key == "a b");
  CHECK(std::holds_alternative<health_request>(parse_request(R"({"op":"health"})").what));
}

TEST_CASE("numbers are whole, and in their range", "[ledger]") {
  const std::string most = "9007199254740991";
  CHECK(wrong(transfer_with(R"("key":"a","from":0,"to":0,"amount":)" + most)).empty());
  for (const std::string amount :
       {"0", "-1", "9007199254740992", "99999999999999999999999", "-99999999999999999999999", "1.0", "1e3", "\"1\"",
        "null", "true", "[1]", "{}", "18446744073709551615", "9223372036854775808"}) {
    INFO(amount);
    CHECK(wrong(transfer_with(R"("key":"a","from":0,"to":0,"amount":)" + amount)) ==
          "amount must be a whole number from 1 to " + most);
  }
  for (const std::string account : {"-1", "0.5", "9007199254740992"}) {
    INFO(account);
    CHECK(contains(wrong(R"({"op":"balance","account":)" + account + '}'), "account must be a whole number from 0 to"));
  }
  for (const std::string deadline : {"0", "60001", "-5", "\"5\""}) {
    INFO(deadline);
    CHECK(wrong(R"({"op":"health","deadline_ms":)" + deadline + '}') ==
          "deadline_ms must be a whole number from 1 to 60000");
  }
  CHECK(parse_request(R"({"op":"health","deadline_ms":60000})").deadline == 60s);
}

TEST_CASE("a key has 1 to 64 characters, however many bytes these are", "[ledger]") {
  const auto with_key = [](const std::string& key) { return R"({"op":"status","key":")" + key + R"("})"; };
  std::string wide;
  for (int i = 0; i < 64; ++i)
    wide += "\xe2\x82\xac";
  CHECK(wrong(with_key(wide)).empty());
  CHECK(wrong(with_key(std::string(64, 'k'))).empty());
  for (const std::string& key : {std::string(), std::string(65, 'k'), wide + 'k', std::string(R"(a\u0000b)"),
                                 std::string(R"(a\nb)"), std::string("\x7f")}) {
    INFO(key);
    CHECK(wrong(with_key(key)) == "key must be a string of 1 to 64 characters, none of them a control character");
  }
  CHECK(wrong(R"({"op":"status","key":7})").starts_with("key must be a string"));
}

TEST_CASE("what is missing, unknown or there twice is named", "[ledger]") {
  CHECK(wrong("{}") == "op is missing: one of transfer, balance, status or health");
  CHECK(wrong(R"({"op":"transfr"})") == "unknown op `transfr`: one of transfer, balance, status or health");
  CHECK(wrong(R"({"op":"balance"})").starts_with("account is missing: a whole number"));
  CHECK(wrong(R"({"op":"status"})").starts_with("key is missing: a string"));
  CHECK(wrong(R"({"op":"health","key":"a"})") == "unknown field `key`");
  CHECK(wrong(R"({"op":"health","x":[[[[{"a":1,"a":2}]]]]})") == "unknown field `x`");
  CHECK(wrong(R"({"op":"health","op":"health"})") == "the field `op` is there twice");
  CHECK(wrong(R"({"op":"health","id":1,"id":2})") == "the field `id` is there twice");
  CHECK(wrong(R"({"op":"health",")" + std::string(60, 'x') + R"(":1})") ==
        "unknown field `" + std::string(40, 'x') + "...`");
}

TEST_CASE("what is no JSON object is refused, with the column", "[ledger]") {
  for (const std::string line : {"[]", "7", "\"op\"", "null", "[{\"op\":\"health\"}]"}) {
    INFO(line);
    CHECK(wrong(line) == "a request is a JSON object: {\"op\":...}");
  }
  CHECK(contains(wrong(""), "the line is empty"));
  CHECK(wrong("   ").starts_with("column 4: "));
  CHECK(wrong("{").starts_with("column 2: "));
  CHECK(wrong(R"({"op":NaN})").starts_with("column 7: "));
  CHECK(wrong(R"({"op":"health"} x)").starts_with("column 17: "));
  CHECK(wrong(R"({"op":"health",})").starts_with("column 16: "));
  CHECK(wrong(R"({'op':'health'})").starts_with("column 2: "));
  CHECK(wrong(R"({"op":"health"/**/})").starts_with("column 15: "));
  CHECK(wrong(R"({"op":"health","x":01})").starts_with("column 21: "));
  CHECK(wrong("\xef\xbb\xbf{\"op\":\"health\"}") == "column 1: a byte order mark: JSON has none");
  CHECK(wrong(std::string("{\"op\":\"health\"}\0", 16)) == "column 16: a zero byte");
  CHECK(wrong("{\"op\":\"h\xff\"}").starts_with("column 9: "));
  CHECK(wrong("\xff").starts_with("column 1: "));
  CHECK(wrong("{\"op\":\"\xed\xa0\x80\"}").starts_with("column 9: ")); // half of a surrogate pair
  CHECK(wrong(R"({"op":"\ud800"})").starts_with("column "));
  CHECK(wrong(std::string(line_bytes_max, '[')).starts_with("column "));
  CHECK(wrong(R"({"op":")" + std::string(4'000, 'x')).size() <= 200);
}

TEST_CASE("an id is a string or a whole number, and comes back also with an error", "[ledger]") {
  for (const std::string id : {"0", "-17", "9223372036854775807", R"("a")", R"("")", R"("\"\\")"}) {
    INFO(id);
    CHECK(parse_request(R"({"op":"health","id":)" + id + '}').id == id);
    CHECK(id_of_wrong(R"({"op":"no","id":)" + id + '}') == id);
    CHECK(id_of_wrong(R"({"op":"health","x":[{"id":1}],"id":)" + id + '}') == id);
    CHECK(health_answer(id, {}).starts_with(R"({"ok":true,"id":)" + id + ','));
  }
  for (const std::string id : {"1.5", "null", "[1]", "18446744073709551616"}) {
    INFO(id);
    CHECK(wrong(R"({"op":"health","id":)" + id + '}') == "id must be a string or a whole number");
  }
}

TEST_CASE("answers are one line each, whatever stands in them", "[ledger]") {
  CHECK(committed_answer("17", 1234, false) == R"({"ok":true,"id":17,"result":"committed","transfer":1234})");
  CHECK(committed_answer("", 1, true) == R"({"ok":true,"result":"committed","transfer":1,"repeated":true})");
  CHECK(balance_answer("", 3, 9750) == R"({"ok":true,"account":3,"balance":9750})");
  CHECK(status_answer("", "a\"b", 7) == R"({"ok":true,"key":"a\"b","result":"committed","transfer":7})");
  CHECK(status_answer("", "a", std::nullopt) == R"({"ok":true,"key":"a","result":"unknown"})");
  CHECK(refusal_answer("\"x\"", refusal::overloaded, "later", 1500us) ==
        R"({"ok":false,"id":"x","error":"overloaded","message":"later","retry_after_ms":1})");
  const std::string cut = refusal_answer("", refusal::bad_request, "a\n\xe2\x82");
  CHECK(cut == "{\"ok\":false,\"error\":\"bad_request\",\"message\":\"a\\n\xef\xbf\xbd\"}");
  health how;
  how.status = "serving";
  how.accounts = 100;
  how.uptime = 1500ms;
  CHECK(health_answer("", how) == R"({"ok":true,"status":"serving","accounts":100,"connections":0,"queued":0,)"
                                  R"("in_hand":0,"committed":0,"overloaded":0,"restarts":0,"uptime_ms":1500})");
}
