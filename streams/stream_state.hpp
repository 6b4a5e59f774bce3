// What a stream is made of: a transport, what has come ahead of its reader, and who does what with it now.

#pragma once

#include <troupe/streams/byte_buffer.hpp>
#include <troupe/streams/byte_stream.hpp>
#include <troupe/streams/transport.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace troupe::detail {

/// Says while it lives that a fiber does something that one may do at a time.
class busy_mark {
public:
  /// @throws stream_busy
  busy_mark(std::atomic<bool>& doing, const char* how, const char* what = "stream") : doing_(doing) {
    // acquire: pairs with the release below, so that one who follows sees what the one before has left
    if (doing.exchange(true, std::memory_order_acquire))
      throw stream_busy(how, what);
  }
  ~busy_mark() { doing_.store(false, std::memory_order_release); }
  busy_mark(const busy_mark&) = delete;
  busy_mark& operator=(const busy_mark&) = delete;

private:
  std::atomic<bool>& doing_;
};

class stream_state {
public:
  explicit stream_state(std::unique_ptr<transport> over) noexcept : over_(std::move(over)) {}
  stream_state(const stream_state&) = delete;
  stream_state& operator=(const stream_state&) = delete;
  ~stream_state();

  task<std::size_t> read_some(std::span<std::byte> to);
  task<std::string> read_exactly(std::size_t bytes);
  task<std::string> read_until(std::string_view delimiter, std::size_t limit);
  task<std::uint64_t> discard_until(std::string_view delimiter);
  task<std::string> read_to_end(std::size_t limit);
  void end_reading() noexcept {
    if (phase_now() != phase::closed)
      over_->end_reading();
  }
  bool has_ahead(std::string_view delimiter) const noexcept;
  bool at_end() const noexcept { return ended_ && ahead_.empty(); }

  task<std::size_t> write(std::span<const std::byte> bytes);
  task<> wait_writable();
  void shutdown_write();

  task<std::size_t> close(duration limit);
  void abort() noexcept;
  bool is_open() const noexcept { return phase_now() == phase::open; }

  stream_statistics statistics() const noexcept;
  std::string name() const { return over_->describe(); }
  std::string describe() const;

  /// See `take_apart`.
  std::unique_ptr<transport> take_over(byte_buffer& ahead);

private:
  enum class phase : std::uint8_t { open, torn, closing, closed };
  static constexpr std::size_t chunk_least = 2'048;
  class write_under_way;
  class closing_under_way;

  phase phase_now() const noexcept {
    return phase_.load(std::memory_order_acquire); // acquire: pairs with each change of it
  }
  /// @throws as every operation of a stream that cannot be used any more
  void require_usable(std::size_t accepted = 0) const;
  void require_writable(std::size_t accepted) const;
  [[noreturn]] void throw_reset(std::size_t accepted);
  /// Waits for more behind what has come already; false: there is none.
  task<bool> more();
  /// False while a fiber reads, too: then nobody else may look.
  bool has_read_ahead() noexcept;
  void let_go() noexcept;
  std::string taken(std::size_t bytes);
  void drop_read(std::size_t bytes) noexcept;
  void tell(event_kind what, std::uint64_t cause = 0) const noexcept;

  std::unique_ptr<transport> over_;
  std::atomic<phase> phase_{phase::open};
  std::atomic<bool> reads_{false};
  std::atomic<bool> writes_{false};
  std::atomic<bool> was_reset_{false};
  std::atomic<bool> shut_{false}; // the direction that is written
  bool ended_ = false;            // the one that is read; of whoever reads, as the next three
  byte_buffer ahead_;
  std::size_t chunk_ = chunk_least; // how much is read at once
  std::size_t came_ = 0;            // since the last wait
  std::size_t torn_after_ = 0;      // written before the phase is torn
  std::size_t torn_of_ = 0;
  std::atomic<std::uint64_t> bytes_read_{0};
  std::atomic<std::uint64_t> bytes_accepted_{0};
};

/// What an open stream is made of, for another one above that: its transport, and what has come ahead of its reader.
///
/// @throws as an operation of a stream that cannot be used any more
struct taken_apart {
  explicit taken_apart(byte_stream from);

  byte_buffer ahead;
  std::unique_ptr<transport> over;
};

} // namespace troupe::detail
