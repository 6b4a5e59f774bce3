#include <troupe/scope/assert.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/streams/stream_state.hpp>

#include <algorithm>
#include <utility>

namespace troupe::detail {

namespace {

constexpr std::size_t chunk_max = 65'536; // bytes that are read at once

void count(std::atomic<std::uint64_t>& total, std::size_t more) noexcept {
  total.fetch_add(more, std::memory_order_relaxed); // relaxed: a number for people
}

std::string_view text_of(const byte_buffer& of) noexcept {
  return {reinterpret_cast<const char*>(of.bytes().data()), of.size()};
}

} // namespace

stream_state::~stream_state() {
  TROUPE_ASSERT(!reads_ && !writes_,
                "a byte_stream was destroyed while a fiber used it: close it, and let the fiber end before that");
  abort();
}

void stream_state::require_usable(std::size_t accepted) const {
  const phase now = phase_now();
  if (now == phase::closing || now == phase::closed)
    throw stream_closed("the stream was closed", accepted);
  if (was_reset_.load(std::memory_order_relaxed)) // relaxed: else the transport says so
    throw peer_reset(accepted, over_->why_reset());
  if (now == phase::torn)
    throw stream_torn(torn_after_, torn_of_);
}

void stream_state::throw_reset(std::size_t accepted) {
  if (!was_reset_.exchange(true, std::memory_order_relaxed)) // relaxed: only who is the first matters
    tell(event_kind::stream_reset);
  throw peer_reset(accepted, over_->why_reset());
}

void stream_state::tell(event_kind what, std::uint64_t cause) const noexcept {
  const fiber* const by = this_fiber::pointer();
  if (by != nullptr && by->runs_on().tells_details())
    by->runs_on().emit(what, over_->number(), by->number(), cause);
}

// ---- reading ---------------------------------------------------------------------------------------------------------

task<bool> stream_state::more() {
  for (;;) {
    if (ended_)
      co_return false;
    const moved came = over_->read_now(ahead_.room(chunk_));
    ahead_.added(came.bytes);
    if (came.bytes != 0) {
      came_ += came.bytes;
      if (came.bytes == chunk_)
        chunk_ = std::min(chunk_ * 2, chunk_max);
      co_return true;
    }
    switch (came.how) {
    case moved::state::ended:
      ended_ = true;
      tell(event_kind::stream_ended);
      break;
    case moved::state::reset:
      throw_reset(0);
    case moved::state::closed:
    case moved::state::fine:
    case moved::state::waits:
      require_usable();
      if (std::exchange(came_, 0) < chunk_ / 4)
        chunk_ = std::max(chunk_ / 2, chunk_least);
      let_go();
      co_await transport_wait{*over_, readiness::to_read};
      require_usable();
    }
  }
}

/// A connection that was busy once takes no more memory than one that never was.
void stream_state::let_go() noexcept {
  if (ahead_.empty() && ahead_.capacity() > 2 * chunk_least)
    ahead_ = {};
}

bool stream_state::has_ahead(std::string_view delimiter) const noexcept {
  return text_of(ahead_).find(delimiter) != std::string_view::npos;
}

std::string stream_state::taken(std::size_t bytes) {
  std::string all{text_of(ahead_).substr(0, bytes)};
  drop_read(bytes);
  return all;
}

void stream_state::drop_read(std::size_t bytes) noexcept {
  ahead_.drop(bytes);
  let_go();
  count(bytes_read_, bytes);
}

task<std::size_t> stream_state::read_some(std::span<std::byte> to) {
  co_await checkpoint();
  const busy_mark mine{reads_, "reading from"};
  require_usable();
  if (to.empty())
    co_return 0;
  if (ahead_.empty()) {
    const bool any = co_await more();
    if (!any)
      co_return 0;
  }
  const std::size_t taken_now = ahead_.take(to);
  let_go();
  count(bytes_read_, taken_now);
  co_return taken_now;
}

task<std::string> stream_state::read_exactly(std::size_t bytes) {
  co_await checkpoint();
  const busy_mark mine{reads_, "reading from"};
  require_usable();
  while (ahead_.size() < bytes) {
    const bool any = co_await more();
    if (!any)
      throw incomplete_read(taken(ahead_.size()), bytes);
  }
  co_return taken(bytes);
}

task<std::string> stream_state::read_until(std::string_view delimiter, std::size_t limit) {
  TROUPE_ASSERT(!delimiter.empty(), "read_until() needs a delimiter of at least one byte");
  TROUPE_ASSERT(limit >= delimiter.size(), "read_until() needs a limit of at least the bytes of its delimiter");
  co_await checkpoint();
  const busy_mark mine{reads_, "reading from"};
  require_usable();
  std::size_t searched = 0;
  for (;;) {
    const std::string_view come = text_of(ahead_);
    const std::size_t at = come.substr(0, limit).find(delimiter, searched);
    if (at != come.npos)
      co_return taken(at + delimiter.size());
    if (come.size() >= limit)
      throw limit_overrun("what comes before the delimiter", limit);
    searched = come.size() - std::min(come.size(), delimiter.size() - 1); // it may have come in part
    const bool any = co_await more();
    if (!any)
      throw incomplete_read(taken(ahead_.size()), 0);
  }
}

task<std::uint64_t> stream_state::discard_until(std::string_view delimiter) {
  TROUPE_ASSERT(!delimiter.empty(), "discard_until() needs a delimiter of at least one byte");
  co_await checkpoint();
  const busy_mark mine{reads_, "reading from"};
  require_usable();
  std::uint64_t dropped = 0;
  for (;;) {
    const std::string_view come = text_of(ahead_);
    const std::size_t at = come.find(delimiter);
    const std::size_t begun = std::min(come.size(), delimiter.size() - 1); // may be the first bytes of the delimiter
    const std::size_t now = at != come.npos ? at + delimiter.size() : come.size() - begun;
    drop_read(now);
    dropped += now;
    if (at != come.npos)
      co_return dropped;
    const bool any = co_await more();
    if (!any)
      throw incomplete_read(taken(ahead_.size()), 0);
  }
}

task<std::string> stream_state::read_to_end(std::size_t limit) {
  co_await checkpoint();
  const busy_mark mine{reads_, "reading from"};
  require_usable();
  for (;;) {
    if (ahead_.size() > limit)
      throw limit_overrun("what comes before the end of the stream", limit);
    const bool any = co_await more();
    if (!any)
      co_return taken(ahead_.size());
  }
}

// ---- writing ---------------------------------------------------------------------------------------------------------

void stream_state::require_writable(std::size_t accepted) const {
  require_usable(accepted);
  if (shut_.load(std::memory_order_acquire)) // acquire: pairs with the exchange in shutdown_write()
    throw stream_closed("the writing side of the stream was shut down", accepted);
}

/// Tears the stream where the write is left with a part of it accepted.
class stream_state::write_under_way {
public:
  write_under_way(stream_state& of, std::size_t total) noexcept : of_(of), total_(total) {}
  ~write_under_way() {
    if (accepted == 0 || accepted == total_)
      return;
    of_.torn_after_ = accepted;
    of_.torn_of_ = total_;
    phase was = phase::open; // whoever closes it meanwhile has the last word
    // release: what was written just now is read once phase_now() has seen it
    of_.phase_.compare_exchange_strong(was, phase::torn, std::memory_order_acq_rel);
  }
  write_under_way(const write_under_way&) = delete;
  write_under_way& operator=(const write_under_way&) = delete;

  std::size_t accepted = 0;

private:
  stream_state& of_;
  const std::size_t total_;
};

task<std::size_t> stream_state::write(std::span<const std::byte> bytes) {
  co_await checkpoint();
  const busy_mark mine{writes_, "writing to"};
  require_writable(0);
  write_under_way now{*this, bytes.size()};
  while (now.accepted < bytes.size()) {
    const moved went = over_->write_now(bytes.subspan(now.accepted));
    now.accepted += went.bytes;
    count(bytes_accepted_, went.bytes);
    if (went.how == moved::state::reset)
      throw_reset(now.accepted);
    if (now.accepted == bytes.size())
      break;
    require_writable(now.accepted);
    co_await transport_wait{*over_, readiness::to_write};
    require_writable(now.accepted);
  }
  co_return now.accepted;
}

task<> stream_state::wait_writable() {
  co_await checkpoint();
  const busy_mark mine{writes_, "writing to"};
  require_writable(0);
  co_await transport_wait{*over_, readiness::to_write};
  require_writable(0);
}

void stream_state::shutdown_write() {
  const busy_mark mine{writes_, "writing to"};
  require_usable();
  if (shut_.exchange(true, std::memory_order_release)) // release: pairs with require_writable()
    return;
  over_->end_writing(); // may have a last word to write
  tell(event_kind::stream_shut);
}

std::unique_ptr<transport> stream_state::take_over(byte_buffer& ahead) {
  const busy_mark no_reader{reads_, "reading from"};
  const busy_mark no_writer{writes_, "writing to"};
  require_writable(0);
  ahead = std::move(ahead_);
  phase_.store(phase::closed, std::memory_order_release); // and nothing is left to close
  return std::move(over_);
}

stream_statistics stream_state::statistics() const noexcept {
  // relaxed, here and below: for people
  return {bytes_read_.load(std::memory_order_relaxed), bytes_accepted_.load(std::memory_order_relaxed),
          phase_now() != phase::closed ? over_->unsent() : 0};
}

std::string stream_state::describe() const {
  static constexpr std::string_view names[] = {"open", "torn", "closing", "closed"};
  std::string text = name() + " (";
  text += was_reset_.load(std::memory_order_relaxed) ? "reset" : names[static_cast<std::size_t>(phase_now())];
  if (const std::size_t unsent = statistics().bytes_unsent; unsent != 0)
    text += ", " + std::to_string(unsent) + " bytes unsent";
  return text + ')';
}

} // namespace troupe::detail
