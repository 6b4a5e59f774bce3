#include <troupe/testing/stream_rules.hpp>

#include "told.hpp"

#include <tests/catch.hpp>

#include <span>
#include <string_view>

using namespace troupe;
using namespace troupe::tests;

namespace {

using enum event_kind;

/// A pipe with the ends 1 and 2.
class pipe_told {
public:
  pipe_told() {
    rules_.begin_run();
    hears(stream_made, 1, 2);
    hears(stream_made, 2, 1);
  }
  pipe_told(const pipe_told&) = delete;

  pipe_told& hears(event_kind what, std::uint64_t stream, std::uint64_t cause = 0) {
    rules_.on(told{what, stream, 7, cause}.made());
    return *this;
  }
  pipe_told& writes(std::uint64_t stream, std::string_view bytes) { return moves(stream, bytes, way::written); }
  pipe_told& reads(std::uint64_t stream, std::string_view bytes) { return moves(stream, bytes, way::read); }
  std::string violated() const { return tests::violated(found_); }

private:
  using way = bytes_event::way;

  pipe_told& moves(std::uint64_t stream, std::string_view bytes, way how) {
    rules_.on(bytes_event{stream, how, std::as_bytes(std::span{bytes.data(), bytes.size()})});
    return *this;
  }

  verdict found_;
  detail::stream_rules rules_{found_};
};

} // namespace

TEST_CASE("bytes that are read as they were written, in whatever pieces, are as they must be", "[testing]") {
  CHECK(pipe_told{}.writes(1, "abc").reads(2, "a").writes(1, "d").reads(2, "bcd").violated() == "");
  CHECK(pipe_told{}.writes(1, "abc").writes(2, "xyz").reads(1, "xyz").reads(2, "abc").violated() == "");
  CHECK(pipe_told{}.writes(1, "abc").hears(stream_shut, 1).reads(2, "abc").hears(stream_ended, 2).violated() == "");
}

TEST_CASE("bytes that come twice, in another order, or that nobody wrote are seen", "[testing]") {
  CHECK(pipe_told{}.writes(1, "abc").reads(2, "abc").reads(2, "c").violated() == "INV-25");
  CHECK(pipe_told{}.writes(1, "abc").reads(2, "bc").violated() == "INV-25");
  CHECK(pipe_told{}.writes(1, "abc").reads(1, "abc").violated() == "INV-25");
}

TEST_CASE("an end before all was read, or that nobody made, is seen, and a planned one is none of these", "[testing]") {
  CHECK(pipe_told{}.writes(1, "abc").hears(stream_shut, 1).reads(2, "ab").hears(stream_ended, 2).violated() ==
        "INV-25");
  CHECK(pipe_told{}.hears(stream_ended, 2).violated() == "INV-25");
  CHECK(pipe_told{}.hears(stream_closed, 1).hears(stream_ended, 2).violated() == "");
  CHECK(pipe_told{}.writes(1, "abc").hears(stream_cut, 2).hears(stream_ended, 2).violated() == "");
  CHECK(pipe_told{}.hears(stream_closed, 1).hears(stream_ended, 2).reads(2, "").violated() == "INV-25");
}

TEST_CASE("bytes that move after the writing side was shut down, after a close or a reset are seen", "[testing]") {
  CHECK(pipe_told{}.hears(stream_shut, 1).writes(1, "a").violated() == "INV-25");
  CHECK(pipe_told{}.hears(stream_shut, 1).writes(2, "a").reads(1, "a").violated() == "");
  CHECK(pipe_told{}.writes(1, "a").hears(stream_closed, 2).reads(2, "a").violated() == "INV-25");
  CHECK(pipe_told{}.writes(1, "a").hears(stream_reset, 2).reads(2, "a").violated() == "INV-25");
}

TEST_CASE("a reset that is told twice is seen", "[testing]") {
  CHECK(pipe_told{}.hears(stream_reset, 1).hears(stream_reset, 2).violated() == "");
  CHECK(pipe_told{}.hears(stream_reset, 1).hears(stream_reset, 1).violated() == "INV-25");
}
