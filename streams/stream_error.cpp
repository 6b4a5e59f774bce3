#include <troupe/streams/stream_error.hpp>

namespace troupe {

namespace {

std::string counted(std::size_t accepted) {
  return accepted != 0 ? " (" + std::to_string(accepted) + " bytes of this write had been accepted)" : "";
}

} // namespace

peer_reset::peer_reset(std::size_t accepted, const std::string& why)
    : stream_error(why + counted(accepted)), accepted_(accepted) {}

stream_closed::stream_closed(const std::string& why, std::size_t accepted)
    : stream_error(why + counted(accepted)), accepted_(accepted) {}

stream_torn::stream_torn(std::size_t accepted, std::size_t of)
    : stream_error("a write was cancelled when " + std::to_string(accepted) + " of its " + std::to_string(of) +
                   " bytes had been accepted: this stream can only be closed"),
      accepted_(accepted) {}

stream_busy::stream_busy(const char* doing, const char* what)
    : stream_error(std::string("another fiber is ") + doing + " this " + what + ": one at a time") {}

incomplete_read::incomplete_read(std::string partial, std::size_t expected)
    : stream_error("the stream has ended after " + std::to_string(partial.size()) +
                   (expected != 0 ? " of " + std::to_string(expected) + " bytes that were to be read"
                                  : " bytes, before the delimiter")),
      partial_(std::move(partial)), expected_(expected) {}

limit_overrun::limit_overrun(const char* what, std::size_t limit)
    : stream_error(std::string(what) + " is longer than the " + std::to_string(limit) + " bytes that it may have"),
      limit_(limit) {}

connect_error::connect_error(const std::string& where, const std::string& why)
    : stream_error("cannot connect to " + where + ": " + why) {}

listen_error::listen_error(const char* doing, const std::string& where, const std::string& why)
    : stream_error(std::string("cannot ") + doing + " on " + where + ": " + why) {}

} // namespace troupe
