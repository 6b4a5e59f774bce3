// What both ends of a pipe in memory share: the bytes that are on their way, and who waits for them.

#pragma once

#include <troupe/streams/byte_buffer.hpp>
#include <troupe/streams/pipe_pair.hpp>
#include <troupe/streams/transport.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

namespace troupe::detail {

/// Both ends are numbered, 0 and 1, and so are the directions: the end of that number writes to the one of that number.
///
/// As Linux has it for TCP: a side that sees a reset still reads what had come before it.
class pipe_state {
public:
  explicit pipe_state(const pipe_options& options);
  pipe_state(const pipe_state&) = delete;
  pipe_state& operator=(const pipe_state&) = delete;
  ~pipe_state();

  /// @name What the transport of that end does
  ///@{
  moved read_now(std::size_t end, std::span<std::byte> to);
  moved write_now(std::size_t end, std::span<const std::byte> from);
  moved push_now(std::size_t end, std::span<const std::byte> from);
  std::size_t unsent(std::size_t end) const noexcept;
  void end_reading(std::size_t end) noexcept;
  void end_writing(std::size_t end) noexcept;
  void begin_closing(std::size_t end) noexcept;
  void close(std::size_t end, bool resets) noexcept;
  void enter(std::size_t end, transport_wait& wait, const waitable& on) noexcept;
  void leave(std::size_t end, transport_wait& wait) noexcept;
  std::uint64_t number(std::size_t end) const noexcept { return ends_[end].number; }
  ///@}

private:
  struct pipe_end {
    std::uint64_t number = 0;
    transport_waits waits;
    bool is_closing = false;
    bool is_closed = false;
    bool is_reset = false; // as this side sees it
  };
  struct direction;
  /// The end of a stall.
  class stall final : timer {
  public:
    stall() noexcept : timer(instant{}, &is_over) {}
    ~stall();

    void begin(pipe_state& of, direction& of_which, duration lasts, executor& on);

  private:
    static void is_over(timer& fired, wakeups& woken) noexcept;

    pipe_state* pipe_ = nullptr;
    direction* of_which_ = nullptr;
    time_source* time_ = nullptr;
  };
  /// What is on its way: `unsent` on the side of the writer, `come` on that of the reader.
  struct direction {
    /// Until the next fault.
    std::size_t bytes_until_fault() const noexcept;

    pipe_end* writer = nullptr;
    pipe_end* reader = nullptr;
    byte_buffer unsent;
    byte_buffer come;
    pipe_faults faults;
    std::size_t arrived = 0; // bytes that have
    bool is_shut = false;    // by the writer
    bool has_ended = false;  // for the reader, behind what has come
    bool is_refused = false; // by the reader
    bool is_stalled = false;
    bool stall_begins = false; // and its end is not planned yet
    stall stalled;
  };

  /// The fibers that it wakes are scheduled once the lock is free.
  template <class Function>
  auto locked(Function function) {
    wakeups woken;
    const std::lock_guard held{lock_};
    return function(woken);
  }
  template <class Accept>
  moved written(std::size_t end, Accept accept);
  moved accept(direction& to, std::span<const std::byte> from, wakeups& woken);
  bool is_ready(const pipe_end& end, readiness what) const noexcept;
  void wake_if_ready(pipe_end& end, wakeups& woken) noexcept;
  static void see_reset(pipe_end& end, wakeups& woken) noexcept;
  void lose_if_told(wakeups& woken) noexcept;
  void pass(direction& on_its_way, wakeups& woken) noexcept;
  void strike(direction& with, wakeups& woken) noexcept;
  void plan_stalls();

  const std::size_t capacity_;
  const std::size_t high_water_;
  mutable std::mutex lock_; // guards the rest
  std::array<pipe_end, 2> ends_;
  std::array<direction, 2> ways_;
};

} // namespace troupe::detail
