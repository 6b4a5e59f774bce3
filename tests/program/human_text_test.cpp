#include <troupe/program/human_text.hpp>

#include <tests/catch.hpp>

#include <limits>

using namespace troupe::tools;
using namespace std::chrono_literals;

TEST_CASE("sizes have one decimal from the second unit on and never read 1024.0", "[tools]") {
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(1023) == "1023 B");
  CHECK(human_bytes(1024) == "1.0 KiB");
  CHECK(human_bytes(1536) == "1.5 KiB");
  CHECK(human_bytes(1024 * 1024 - 1) == "1.0 MiB");
  CHECK(human_kibibytes(0) == "0 KiB");
  CHECK(human_kibibytes(1023) == "1023 KiB");
  CHECK(human_kibibytes(1024 * 1024 - 1) == "1.0 GiB");
  CHECK(human_kibibytes(std::numeric_limits<std::uint64_t>::max()) == "16.0 ZiB");
}

TEST_CASE("rates have three digits", "[tools]") {
  CHECK(human_count(0) == "0");
  CHECK(human_count(999) == "999");
  CHECK(human_count(999.9) == "1.00 k");
  CHECK(human_count(12'345) == "12.3 k");
  CHECK(human_count(999'600) == "1.00 M");
  CHECK(human_count(8.1e6) == "8.10 M");
  CHECK(human_count(2.5e9) == "2.50 G");
}

TEST_CASE("times use the unit that fits", "[tools]") {
  CHECK(human_duration(0us) == "0 us");
  CHECK(human_duration(850us) == "850 us");
  CHECK(human_duration(4200us) == "4.20 ms");
  CHECK(human_duration(1250ms) == "1.25 s");
  CHECK(human_duration(59'990ms) == "1 min 0 s");
  CHECK(human_duration(125s) == "2 min 5 s");
}

TEST_CASE("untrusted text reaches the terminal without control sequences, and not at any length", "[tools]") {
  CHECK(printable("plain text") == "plain text");
  CHECK(printable("\x1b[31mred\n") == "\\x1b[31mred\\x0a");
  CHECK(printable("caf\xc3\xa9") == "caf\\xc3\\xa9");
  CHECK(printable(std::string_view{"a\0b", 3}) == "a\\x00b");
  CHECK(printable("0123456789", 4) == "0123...");
  CHECK(printable("0123", 4) == "0123");
}

TEST_CASE("a paragraph is broken at spaces, and a word that is too long is cut", "[tools]") {
  CHECK(paragraph("", 5).empty());
  CHECK(paragraph("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(paragraph("one two three", 13) == std::vector<std::string>{"one two three"});
  CHECK(paragraph("one  two", 4) == std::vector<std::string>{"one ", "two"});
  CHECK(paragraph("a muchtoolong word", 4) == std::vector<std::string>{"a", "much", "word"});
}
