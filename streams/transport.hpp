// Where the bytes of a stream come from and go to, as an interface: a pipe in memory, a socket, TLS above either.

#pragma once

#include <troupe/scope/fiber.hpp>

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <utility>

namespace troupe::detail {

/// What a move of bytes came to.
struct moved {
  enum class state : std::uint8_t {
    fine,   ///< So many were moved. Of a read: at least one.
    waits,  ///< No more can be moved now.
    ended,  ///< Of a read: there are no more.
    reset,  ///< The connection is gone: `transport::why_reset`.
    closed, ///< It was closed on this side.
  };

  std::size_t bytes = 0; ///< In any case.
  state how = state::fine;
};

/// What a fiber can wait for.
enum class readiness : std::uint8_t {
  to_read,  ///< A read would not wait.
  to_write, ///< Nor would a write.
  flushed,  ///< Nothing that was accepted is left on this side; or it never will go.
  to_drop,  ///< Of one that is being closed: there may be more to drop.
};
inline constexpr std::size_t readiness_count = 4;

class transport_wait;

/// Moves bytes without waiting, and wakes who waits until it can. One fiber reads, one writes, and one closes at a time:
/// `byte_stream` sees to that.
class transport : public waitable {
public:
  transport() = default;
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;
  /// Closes it, if it is open. @pre nobody waits
  virtual ~transport() = default;

  /// Takes as many bytes as have come, up to the size of `to`, which is not empty.
  virtual moved read_now(std::span<std::byte> to) = 0;
  /// Accepts as many bytes as there is room for: what was accepted goes its way without its fiber. Without any bytes it
  /// says whether there is room.
  virtual moved write_now(std::span<const std::byte> from) = 0;
  /// The same for bytes that belong together: accepts all of them, also beyond the high-water mark.
  virtual moved push_now(std::span<const std::byte> from) = 0;
  /// What was accepted and is still on this side, in bytes.
  virtual std::size_t unsent() const noexcept = 0;
  /// Nothing more is taken from the other side: who reads is told that it has ended.
  virtual void end_reading() noexcept = 0;
  /// Nothing is written any more: the other side is told, after what was accepted.
  virtual void end_writing() noexcept = 0;
  /// The same, and nobody reads any more: who waits to read or to write is woken, and nobody waits for that again.
  virtual void begin_closing() noexcept = 0;
  /// After that, takes some of what has come and nobody will read. For connections that are reset where they are closed
  /// with something unread, so that the other side may never see what was written last; of others it has ended.
  virtual moved drop_now() { return {0, moved::state::ended}; }
  /// Closes it. What is unsent is dropped, and where there is any, or `resets`, the other side sees a reset. Wakes all
  /// who wait.
  virtual void close(bool resets) noexcept = 0;
  /// For people: after `reset`.
  virtual std::string why_reset() const = 0;

  /// From `await_suspend`: opens the wait, or leaves its fiber to go on at once.
  virtual void enter(transport_wait& wait) = 0;
  /// Takes back a wait that was stopped.
  virtual void leave(transport_wait& wait) noexcept = 0;
};

/// Waits until a transport can do something.
class transport_wait {
public:
  transport_wait(transport& of, readiness what) noexcept : of_(of), what_(what) {}
  transport_wait(const transport_wait&) = delete;
  transport_wait& operator=(const transport_wait&) = delete;
  ~transport_wait() {
    if (is_open_)
      of_.leave(*this);
  }

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) {
    if (self_->stop_pending())
      self_->stop();
    else
      of_.enter(*this);
  }
  void await_resume() noexcept { is_open_ = false; }

  /// @name For transports, under their lock
  ///@{
  readiness what() const noexcept { return what_; }
  fiber& self() const noexcept { return *self_; }
  /// False: it was stopped instead.
  bool open(const waitable& on) noexcept {
    static constexpr const char* names[] = {"read", "write", "flush", "drop"};
    if (!self_->open_wait(fiber::wait_kind::plain, names[static_cast<std::size_t>(what_)], &on)) {
      self_->stop();
      return false;
    }
    is_open_ = true;
    self_->park();
    return true;
  }
  ///@}

private:
  transport& of_;
  fiber* self_ = nullptr;
  readiness what_;
  bool is_open_ = false;
};

/// Who waits for a transport: at most one for each thing. Guarded by its lock.
class transport_waits {
public:
  void put(transport_wait& wait, const waitable& on) noexcept {
    if (wait.open(on))
      all_[static_cast<std::size_t>(wait.what())] = &wait.self();
  }
  void remove(const transport_wait& wait) noexcept {
    fiber*& place = all_[static_cast<std::size_t>(wait.what())];
    if (place == &wait.self())
      place = nullptr;
  }
  void wake(readiness what, wakeups& woken) noexcept {
    if (fiber* const waiting = std::exchange(all_[static_cast<std::size_t>(what)], nullptr); waiting != nullptr)
      static_cast<void>(waiting->grant(woken)); // false: stopped, and it leaves the lock to look
  }
  void wake_all(wakeups& woken) noexcept {
    for (std::size_t i = 0; i < readiness_count; ++i)
      wake(static_cast<readiness>(i), woken);
  }
  bool empty() const noexcept {
    return std::all_of(std::begin(all_), std::end(all_), [](const fiber* each) { return each == nullptr; });
  }

private:
  fiber* all_[readiness_count] = {};
};

} // namespace troupe::detail
