#include <troupe/streams/pipe_pair.hpp>
#include <troupe/streams/pipe_state.hpp>
#include <troupe/streams/transport.hpp>

#include <memory>
#include <string>
#include <utility>

namespace troupe {

namespace {

class pipe_transport final : public detail::transport {
  using moved = detail::moved;
  using transport_wait = detail::transport_wait;

public:
  pipe_transport(std::shared_ptr<detail::pipe_state> pipe, std::size_t end) noexcept
      : pipe_(std::move(pipe)), end_(end) {}

  moved read_now(std::span<std::byte> to) override { return pipe_->read_now(end_, to); }
  moved write_now(std::span<const std::byte> from) override { return pipe_->write_now(end_, from); }
  moved push_now(std::span<const std::byte> from) override { return pipe_->push_now(end_, from); }
  std::size_t unsent() const noexcept override { return pipe_->unsent(end_); }
  void end_reading() noexcept override { pipe_->end_reading(end_); }
  void end_writing() noexcept override { pipe_->end_writing(end_); }
  void begin_closing() noexcept override { pipe_->begin_closing(end_); }
  void close(bool resets) noexcept override { pipe_->close(end_, resets); }
  std::string why_reset() const override { return "the connection was reset"; }
  void enter(transport_wait& wait) override { pipe_->enter(end_, wait, *this); }
  void leave(transport_wait& wait) noexcept override { pipe_->leave(end_, wait); }

  std::string describe() const override { return "pipe #" + std::to_string(pipe_->number(end_)); }
  std::uint64_t number() const noexcept override { return pipe_->number(end_); }

private:
  const std::shared_ptr<detail::pipe_state> pipe_;
  const std::size_t end_;
};

} // namespace

stream_pair pipe_pair(const pipe_options& options) {
  const auto pipe = std::make_shared<detail::pipe_state>(options);
  return {byte_stream{std::make_unique<pipe_transport>(pipe, 0)},
          byte_stream{std::make_unique<pipe_transport>(pipe, 1)}};
}

} // namespace troupe
