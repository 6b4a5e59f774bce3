#include <troupe/tools/story.hpp>

#include <tests/catch.hpp>

using namespace troupe::tools;

TEST_CASE("a line of a story that fits stays as it is", "[tools]") {
  const std::string line = "    0.000  /app #1  starts\n";
  CHECK(wrapped(line) == line);
  CHECK(wrapped("\n") == "\n");
}

TEST_CASE("a line of a story that is too long goes on below its words", "[tools]") {
  CHECK(wrapped("    1.500  /a #1    failed: the supervisor gives up, because of all that\n", 40) ==
        "    1.500  /a #1    failed: the\n"
        "                    supervisor gives up,\n"
        "                    because of all that\n");
  CHECK(wrapped("    1.500  /a #1    failed: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbb ccc\n", 40) ==
        "    1.500  /a #1    failed:\n"
        "                    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
        "                    bbb ccc\n");
  CHECK(wrapped("one two three\n", 5) == "one\ntwo\nthree\n");
}
