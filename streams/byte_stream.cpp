#include <troupe/streams/byte_stream.hpp>
#include <troupe/streams/stream_state.hpp>

#include <string>
#include <utility>

namespace troupe {

namespace {

constexpr const char* moved_from = "a stream that was moved from";

task<std::size_t> nothing_to_close() { co_return 0; }

} // namespace

byte_stream::byte_stream(std::unique_ptr<detail::transport> over)
    : state_(std::make_unique<detail::stream_state>(std::move(over))) {}
byte_stream::byte_stream(byte_stream&&) noexcept = default;
byte_stream& byte_stream::operator=(byte_stream&&) noexcept = default;
byte_stream::~byte_stream() = default;

detail::stream_state& byte_stream::state() const {
  if (state_ == nullptr)
    throw stream_closed("a stream was used that was moved from");
  return *state_;
}

task<std::size_t> byte_stream::read_some(std::span<std::byte> to) { return state().read_some(to); }
task<std::string> byte_stream::read_exactly(std::size_t bytes) { return state().read_exactly(bytes); }
task<std::string> byte_stream::read_until(std::string_view delimiter, std::size_t limit) {
  return state().read_until(delimiter, limit);
}
task<std::uint64_t> byte_stream::discard_until(std::string_view delimiter) { return state().discard_until(delimiter); }
task<std::string> byte_stream::read_to_end(std::size_t limit) { return state().read_to_end(limit); }
bool byte_stream::has_ahead(std::string_view delimiter) const noexcept {
  return state_ != nullptr && state_->has_ahead(delimiter);
}
bool byte_stream::at_end() const noexcept { return state_ != nullptr && state_->at_end(); }

void byte_stream::end_reading() noexcept {
  if (state_ != nullptr)
    state_->end_reading();
}

task<std::size_t> byte_stream::write(std::span<const std::byte> bytes) { return state().write(bytes); }
task<std::size_t> byte_stream::write(std::string_view text) {
  return state().write(std::as_bytes(std::span{text.data(), text.size()}));
}
task<> byte_stream::wait_writable() { return state().wait_writable(); }
void byte_stream::shutdown_write() { state().shutdown_write(); }

task<std::size_t> byte_stream::close(duration limit) {
  return state_ != nullptr ? state_->close(limit) : nothing_to_close();
}
void byte_stream::abort() noexcept {
  if (state_ != nullptr)
    state_->abort();
}
bool byte_stream::is_open() const noexcept { return state_ != nullptr && state_->is_open(); }

stream_statistics byte_stream::statistics() const noexcept {
  return state_ != nullptr ? state_->statistics() : stream_statistics{};
}
std::string byte_stream::name() const { return state_ != nullptr ? state_->name() : moved_from; }
std::string byte_stream::describe() const { return state_ != nullptr ? state_->describe() : moved_from; }

detail::taken_apart::taken_apart(byte_stream from) : over(from.state().take_over(ahead)) {}

} // namespace troupe
