// What both ends of a pipe in memory share: the bytes that are on their way, and who waits for them.

#pragma once

#include <troupe/scope/delivery.hpp>
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
/// As Linux has it for TCP: a side that sees a reset still reads what had come before it. Where the executor delays what was
/// sent, nothing overtakes anything else in its direction.
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

    void begin(direction& of_which, duration lasts, const executor& on);

  private:
    static void is_over(timer& fired, wakeups& woken) noexcept;

    direction* of_which_ = nullptr;
    time_source* time_ = nullptr;
  };
  /// What is on its way: `sent` by the writer, `come` to the reader. Of what was sent so much has left as there is room for
  /// on the other side; the rest is unsent.
  struct direction final : delivery {
    /// Until the next fault.
    std::size_t bytes_until_fault() const noexcept;
    /// Nothing that is sent arrives any more.
    bool is_lost() const noexcept { return writer->is_reset || (reader->is_reset && !reader->is_closed); }
    /// Bytes that are under way.
    std::size_t left() const noexcept;
    std::size_t unsent() const noexcept { return sent.size() - left(); }
    /// How much there is to arrive now: what is under way, and 1 for the end.
    std::size_t due() const noexcept;
    void arrive(executor& at) noexcept override { of->arrive(*this, at); }
    std::uint64_t number() const noexcept override { return reader->number; }

    pipe_state* of = nullptr;
    direction* back = nullptr;
    pipe_end* writer = nullptr;
    pipe_end* reader = nullptr;
    byte_buffer sent;
    byte_buffer come;
    pipe_faults faults;
    std::size_t arrived = 0; // bytes that have
    bool is_shut = false;    // by the writer
    bool is_aborted = false; // the same: a reset comes behind what is on its way
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
  void lose_if_told(direction& to, wakeups& woken) noexcept;
  void send(direction& along, executor* by, wakeups& woken) noexcept;
  void abort(direction& along, executor* by, wakeups& woken) noexcept;
  void arrive(direction& along, executor& at) noexcept;
  void pass(direction& on_its_way, std::size_t most, executor* by, wakeups& woken) noexcept;
  static void strike(direction& with) noexcept;
  void plan_stalls();

  const std::size_t capacity_;
  const std::size_t high_water_;
  mutable std::mutex lock_; // guards the rest
  std::array<pipe_end, 2> ends_;
  std::array<direction, 2> ways_;
};

} // namespace troupe::detail
