#include <troupe/observe/words.hpp>

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::detail;
using namespace std::chrono_literals;

TEST_CASE("a duration in words has the unit that people would choose", "[observe]") {
  CHECK(in_words(-1s) == "0 s");
  CHECK(in_words(0s) == "0 s");
  CHECK(in_words(1us) == "1 us");
  CHECK(in_words(999us) == "999 us");
  CHECK(in_words(340ms) == "340 ms");
  CHECK(in_words(999ms) == "999 ms");
  CHECK(in_words(1s) == "1 s");
  CHECK(in_words(1250ms) == "1.2 s");
  CHECK(in_words(59999ms) == "59.9 s");
  CHECK(in_words(125s) == "2 min 5 s");
  CHECK(in_words(3h + 4min + 59s) == "3 h 4 min");
  CHECK(in_words(duration::max()) == "2562047 h 47 min");
}

TEST_CASE("untrusted text stays in its line and brings no control sequence", "[observe]") {
  CHECK(in_one_line("plain") == "plain");
  CHECK(in_one_line("a\nb\tc\\d") == "a\\nb\\tc\\\\d");
  CHECK(in_one_line(std::string_view("\0\x1b[31m\x7f", 7)) == "\\x00\\x1b[31m\\x7f");
  CHECK(in_one_line("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80") == "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
  CHECK(in_one_line("\xc2\x9b\x33\x31m") == "\\u009b31m");
}

TEST_CASE("what is no UTF-8 is escaped byte by byte", "[observe]") {
  CHECK(in_one_line("\xff") == "\\xff");
  CHECK(in_one_line("\xc3") == "\\xc3");                            // cut off
  CHECK(in_one_line("\xc3(") == "\\xc3(");                          // not continued
  CHECK(in_one_line("\xc0\xaf") == "\\xc0\\xaf");                   // longer than it need be
  CHECK(in_one_line("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");          // the same
  CHECK(in_one_line("\xed\xa0\x80") == "\\xed\\xa0\\x80");          // a surrogate
  CHECK(in_one_line("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80"); // beyond the last one
}

TEST_CASE("long text is cut between its characters", "[observe]") {
  CHECK(in_one_line(std::string(2000, 'x')) == std::string(1000, 'x') + "...");
  CHECK(in_one_line("\xc3\xa4\xc3\xa4\xc3\xa4", 3) == "\xc3\xa4\xc3\xa4...");
}

TEST_CASE("the width of text is its number of code points", "[observe]") {
  CHECK(columns("") == 0);
  CHECK(columns("\xc3\xa4\xe2\x82\xac") == 2);
}
