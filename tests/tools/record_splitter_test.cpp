#include <troupe/tools/record_splitter.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <algorithm>
#include <random>
#include <tuple>
#include <vector>

using namespace troupe::tools;

namespace {

using split = std::vector<std::tuple<std::uint64_t, std::string, record::fault>>;

void drain(record_splitter& from, split& into) {
  while (auto next = from.next())
    into.emplace_back(next->line, next->text, next->what_is_wrong);
}

/// Cuts `text` at `cuts`, which may repeat.
split records_of(std::string_view text, const std::vector<std::size_t>& cuts = {}, std::size_t record_bytes_max = 1000,
                 record::fault end = record::fault::none) {
  record_splitter splitter{record_bytes_max};
  split found;
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    // A copy that goes right after: nothing may be kept of a piece.
    const std::string piece{text.substr(from, cut - from)};
    splitter.feed(piece);
    drain(splitter, found);
    from = cut;
  }
  splitter.feed(text.substr(from));
  drain(splitter, found);
  splitter.end(end);
  drain(splitter, found);
  return found;
}

constexpr auto fine = record::fault::none;
constexpr auto too_long = record::fault::too_long;

/// What the class promises, written down without any thought of pieces.
split specification(std::string_view text, std::size_t record_bytes_max) {
  split found;
  std::string kept;
  std::size_t bytes = 0;
  std::uint64_t first = 0;
  bool long_one = false;
  const auto finish = [&] {
    if (first != 0)
      found.emplace_back(first, long_one ? std::string() : kept, long_one ? too_long : fine);
    kept.clear();
    first = 0;
    bytes = 0;
    long_one = false;
  };
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string line{text.substr(0, end)};
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    bytes += line.size();
    const bool blank = line.find_first_not_of(" \t\r") == std::string::npos;
    if (!blank)
      ++bytes;
    long_one = long_one || bytes > record_bytes_max; // bytes of a blank line count until it is known to be blank
    if (blank) {
      finish();
      continue;
    }
    if (first == 0)
      first = number;
    if (line.back() == '\r')
      line.pop_back();
    kept += line + '\n';
  }
  finish();
  return found;
}

} // namespace

TEST_CASE("records are separated by blank lines and know their first line", "[tools]") {
  CHECK(records_of("").empty());
  CHECK(records_of("\n\n  \n\t\n").empty());
  CHECK(records_of("a: 1\nb: 2\n\nc: 3\n") == split{{1, "a: 1\nb: 2\n", fine}, {4, "c: 3\n", fine}});
  CHECK(records_of("\n\na: 1\n \t\n\n\nb: 2\n\n") == split{{3, "a: 1\n", fine}, {7, "b: 2\n", fine}});
}

TEST_CASE("the last record needs neither a blank line nor a newline", "[tools]") {
  CHECK(records_of("a: 1") == split{{1, "a: 1\n", fine}});
  CHECK(records_of("a: 1\n\nb: 2\r") == split{{1, "a: 1\n", fine}, {3, "b: 2\n", fine}});
  CHECK(records_of("a: 1\n ") == split{{1, "a: 1\n", fine}});
}

TEST_CASE("lines may end in a carriage return and a newline", "[tools]") {
  CHECK(records_of("a: 1\r\n b\r\n\r\nc: 3\r\n") == split{{1, "a: 1\n b\n", fine}, {4, "c: 3\n", fine}});
  CHECK(records_of("a: \r1\n") == split{{1, "a: \r1\n", fine}});
}

TEST_CASE("a record above the maximum is skipped to its end and the next one is whole", "[tools]") {
  const std::string fits(9, 'x');
  CHECK(records_of(fits + "\n\ny\n", {}, 10) == split{{1, fits + "\n", fine}, {3, "y\n", fine}});
  CHECK(records_of(fits + "x\n\ny\n", {}, 10) == split{{1, "", too_long}, {3, "y\n", fine}});
  CHECK(records_of("12345\n12345\n12345\n\ny\n", {}, 10) == split{{1, "", too_long}, {5, "y\n", fine}});
  CHECK(records_of(std::string(100, ' ') + "\ny\n", {}, 10) == split{{2, "y\n", fine}});
  CHECK(records_of(std::string(100, 'x'), {50}, 10) == split{{1, "", too_long}});
}

TEST_CASE("an endless line holds no memory beyond the maximum", "[tools]") {
  record_splitter splitter{1000};
  const std::string piece(64 * 1024, '\0');
  for (int i = 0; i < 1000; ++i) {
    splitter.feed(piece);
    REQUIRE(!splitter.next());
  }
  splitter.end();
  const auto last = splitter.next();
  REQUIRE(last);
  CHECK(last->what_is_wrong == too_long);
  CHECK(last->text.empty());
  CHECK(!splitter.next());
}

TEST_CASE("a record that the input's failure cut off says so", "[tools]") {
  const split found = records_of("a: 1\n\nb: 2\nc:", {}, 1000, record::fault::cut_off);
  CHECK(found == split{{1, "a: 1\n", fine}, {3, "b: 2\nc:\n", record::fault::cut_off}});
  CHECK(records_of("a: 1\n\n", {}, 1000, record::fault::cut_off) == split{{1, "a: 1\n", fine}});
}

TEST_CASE("records do not depend on where the input is cut", "[tools]") {
  std::mt19937_64 random{1};
  const std::string_view letters = "a: \t\r\n\n\nb";
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random() % end); };
  for (std::size_t round = 0; round < troupe::tests::seeds(20'000); ++round) {
    std::string text;
    for (std::size_t i = below(40); i > 0; --i)
      text += letters[below(letters.size())];
    const std::size_t bytes_max = below(2) == 0 ? 1000 : 1 + below(8);
    std::vector<std::size_t> cuts;
    for (std::size_t i = below(8); i > 0; --i)
      cuts.push_back(below(text.size() + 1));
    std::sort(cuts.begin(), cuts.end());
    std::vector<std::size_t> every;
    for (std::size_t i = 0; i < text.size(); ++i)
      every.push_back(i);

    const split expected = specification(text, bytes_max);
    INFO("round " << round << ", at most " << bytes_max << " bytes");
    REQUIRE(records_of(text, {}, bytes_max) == expected);
    REQUIRE(records_of(text, cuts, bytes_max) == expected);
    REQUIRE(records_of(text, every, bytes_max) == expected);
  }
}
