#include <troupe/scope/assert.hpp>
#include <troupe/streams/framing.hpp>

#include <limits>
#include <stdexcept>
#include <string>

namespace troupe {

namespace {

constexpr std::size_t length_bytes = 4;

std::string length_of(std::size_t bytes) {
  std::string made(length_bytes, '\0');
  for (std::size_t i = 0; i < length_bytes; ++i)
    made[i] = static_cast<char>(bytes >> 8 * (length_bytes - 1 - i) & 0xffU);
  return made;
}

std::size_t length_in(std::string_view bytes) noexcept {
  std::size_t length = 0;
  for (const char each : bytes)
    length = length << 8U | static_cast<unsigned char>(each);
  return length;
}

} // namespace

// ---- lines -----------------------------------------------------------------------------------------------------------

line_reader::line_reader(byte_stream& from, std::size_t limit) : from_(from), limit_(limit) {
  TROUPE_ASSERT(limit > 0 && limit < std::numeric_limits<std::size_t>::max() - 2,
                "a line_reader needs a limit of at least one byte");
}

task<std::optional<std::string>> line_reader::next() {
  constexpr std::size_t end_max = 2; // "\r\n"
  std::string line;
  try {
    if (skips_) {
      co_await from_.discard_until("\n");
      skips_ = false;
    }
    line = co_await from_.read_until("\n", limit_ + end_max);
    line.pop_back();
    if (line.ends_with('\r'))
      line.pop_back();
  } catch (const incomplete_read& ended) {
    if (skips_ || ended.partial().empty())
      co_return std::nullopt;
    line = ended.partial();
  } catch (const limit_overrun&) {
    skips_ = true;
    throw limit_overrun("a line", limit_);
  }
  if (line.size() > limit_)
    throw limit_overrun("a line", limit_);
  co_return line;
}

task<> write_line(byte_stream& to, std::string_view text) {
  if (text.find('\n') != text.npos)
    throw std::invalid_argument("write_line() was given more than one line: the text has a line end in it");
  std::string line{text};
  line += '\n';
  co_await to.write(line); // in one go, so that a cancel never tears it between the two
}

// ---- frames ----------------------------------------------------------------------------------------------------------

frame_reader::frame_reader(byte_stream& from, std::size_t limit) : from_(from), limit_(limit) {}

task<std::optional<std::string>> frame_reader::next() {
  if (!length_) {
    try {
      const std::string length = co_await from_.read_exactly(length_bytes);
      length_ = length_in(length);
    } catch (const incomplete_read& ended) {
      if (!ended.partial().empty())
        throw;
      co_return std::nullopt;
    }
  }
  if (*length_ > limit_)
    throw limit_overrun("a frame", limit_);
  std::string frame = co_await from_.read_exactly(*length_);
  length_.reset();
  co_return frame;
}

task<> write_frame(byte_stream& to, std::string_view frame) {
  if (frame.size() > std::numeric_limits<std::uint32_t>::max())
    throw std::invalid_argument("write_frame() was given " + std::to_string(frame.size()) +
                                " bytes: a frame has at most 4294967295");
  std::string whole = length_of(frame.size());
  whole += frame;
  co_await to.write(whole);
}

} // namespace troupe
