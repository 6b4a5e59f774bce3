// How a stream ends: what is unsent still goes, and what nobody has read does not cost the other side what was sent.

#include <troupe/scope/deadline.hpp>
#include <troupe/streams/stream_state.hpp>

namespace troupe::detail {

namespace {

constexpr std::size_t dropped_max = 1'048'576; // bytes that a close reads

/// What the other side has sent and nobody will read. If there is any, or it `was_behind` with its answers, more may be
/// on its way.
class leftover {
public:
  leftover(transport& of, bool was_behind) noexcept : of_(of), more_may_come_(was_behind) {}

  /// Drops what has come. True: nothing more is waited for.
  bool is_dropped() {
    while (dropped_ < dropped_max) {
      const moved gone = of_.drop_now();
      dropped_ += gone.bytes;
      more_may_come_ = more_may_come_ || gone.bytes != 0;
      if (gone.how == moved::state::waits)
        return !more_may_come_;
      if (gone.how != moved::state::fine)
        return true;
    }
    return true;
  }

private:
  transport& of_;
  bool more_may_come_;
  std::size_t dropped_ = 0;
};

task<> flush_and_drop(transport& over, leftover& unread) {
  if (over.unsent() != 0)
    co_await transport_wait{over, readiness::flushed};
  while (!unread.is_dropped())
    co_await transport_wait{over, readiness::to_drop};
}

} // namespace

/// Closes the transport whichever way this is left.
class stream_state::closing_under_way {
public:
  explicit closing_under_way(stream_state& of) noexcept : of_(of) {
    of.over_->begin_closing();
    of.tell(event_kind::stream_closed);
  }
  ~closing_under_way() { finish(); }
  closing_under_way(const closing_under_way&) = delete;
  closing_under_way& operator=(const closing_under_way&) = delete;

  /// How many bytes are lost by it.
  std::size_t finish() noexcept {
    // acq_rel, here and below: one of those who close it is the first, and sees what was done before
    if (of_.phase_.exchange(phase::closed, std::memory_order_acq_rel) == phase::closed)
      return 0;
    const std::size_t lost = of_.over_->unsent();
    of_.over_->close(false);
    return lost;
  }

private:
  stream_state& of_;
};

task<std::size_t> stream_state::close(duration limit) {
  for (phase now = phase_now();;) {
    if (now == phase::closing || now == phase::closed)
      co_return 0;
    if (phase_.compare_exchange_weak(now, phase::closing, std::memory_order_acq_rel))
      break;
  }
  closing_under_way closing{*this};
  leftover unread{*over_, has_read_ahead()};
  if (over_->unsent() != 0 || !unread.is_dropped())
    static_cast<void>(co_await move_on_after(limit, flush_and_drop(*over_, unread)));
  co_return closing.finish();
}

bool stream_state::has_read_ahead() noexcept {
  if (reads_.exchange(true, std::memory_order_acquire)) // as in busy_mark
    return false;                                       // a fiber is in a read, which is told that it is closed
  const bool has = !ahead_.empty();
  reads_.store(false, std::memory_order_release);
  return has;
}

void stream_state::abort() noexcept {
  if (phase_.exchange(phase::closed, std::memory_order_acq_rel) == phase::closed)
    return;
  tell(event_kind::stream_closed, over_->unsent());
  over_->close(true);
}

} // namespace troupe::detail
