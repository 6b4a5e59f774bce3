#include <troupe/program/progress_line.hpp>

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::tools;
using namespace std::chrono_literals;

namespace {

const std::string erase = "\r\x1b[K";

struct screen {
  std::string written;
  std::size_t width = 80;

  progress_screen terminal() {
    return {true, [this] { return width; }, [this](std::string_view text) { written += text; }};
  }
  progress_screen pipe() {
    return {false, nullptr, [this](std::string_view text) { written += text; }};
  }
};

} // namespace

TEST_CASE("on a terminal the line is drawn over itself and gone in the end", "[tools]") {
  screen seen;
  progress_line line{seen.terminal()};
  line.show("one", instant{});
  line.show("two", instant{});
  CHECK(seen.written == erase + "one" + erase + "two");
  seen.written.clear();
  line.finish("last", instant{});
  CHECK(seen.written == erase);
  line.finish("last", instant{});
  CHECK(seen.written == erase);
}

TEST_CASE("a message stands above the progress line", "[tools]") {
  screen seen;
  progress_line line{seen.terminal()};
  line.message("before");
  line.show("progress", instant{});
  line.message("during");
  CHECK(seen.written == "before\n" + erase + "progress" + erase + "during\n" + erase + "progress");
}

TEST_CASE("the line is never as wide as the terminal, also after it was resized", "[tools]") {
  screen seen;
  seen.width = 5;
  progress_line line{seen.terminal()};
  line.show("123456789", instant{});
  seen.width = 4;
  line.show("123456789", instant{});
  CHECK(seen.written == erase + "1234" + erase + "123");
}

TEST_CASE("elsewhere there is a plain line a second at most, and one for a short run", "[tools]") {
  screen seen;
  progress_line line{seen.pipe()};
  const instant begun{1h};
  line.show("a", begun);
  line.show("b", begun + 999ms);
  line.message("message");
  line.show("c", begun + 1s);
  line.finish("d", begun + 1500ms);
  CHECK(seen.written == "a\nmessage\nc\n");

  screen short_run;
  progress_line only{short_run.pipe()};
  only.finish("all of it", begun);
  CHECK(short_run.written == "all of it\n");
}
