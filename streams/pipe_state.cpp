#include <troupe/scope/assert.hpp>
#include <troupe/streams/pipe_state.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace troupe::detail {

namespace {

/// Whose fiber runs here; null: none.
executor* by_fiber_of() noexcept {
  fiber* const by = this_fiber::pointer();
  return by != nullptr ? &by->runs_on() : nullptr;
}

/// The executor here, where somebody wants to know all; else null.
const executor* told_of_details() noexcept {
  const executor* const here = executor_here();
  return here != nullptr && here->tells_details() ? here : nullptr;
}

void tell(event_kind what, std::uint64_t end, std::uint64_t cause = 0) noexcept {
  const fiber* const by = this_fiber::pointer();
  if (const executor* const to = told_of_details(); to != nullptr)
    to->emit(what, end, by != nullptr ? by->number() : 0, cause);
}

void tell_bytes(std::uint64_t end, bytes_event::way how, std::span<const std::byte> bytes) noexcept {
  if (const executor* const to = told_of_details(); to != nullptr)
    to->sink()->on_bytes({end, how, bytes});
}

} // namespace

pipe_state::pipe_state(const pipe_options& options) : capacity_(options.capacity), high_water_(options.high_water) {
  TROUPE_ASSERT(capacity_ != 0 && high_water_ != 0, "a pipe needs a capacity and a high-water mark beyond 0");
  ways_[0].faults = options.first_to_second;
  ways_[1].faults = options.second_to_first;
  fiber* const by = this_fiber::pointer();
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    TROUPE_ASSERT(ways_[i].faults.at_once_max != 0, "a pipe that moves no byte at once moves none: at_once_max is 0");
    ways_[i].of = this;
    ways_[i].back = &ways_[1 - i];
    ways_[i].writer = &ends_[i];
    ways_[i].reader = &ends_[1 - i];
    ends_[i].number = by != nullptr ? by->runs_on().next_number() : 0;
  }
  tell(event_kind::stream_made, ends_[0].number, ends_[1].number);
  tell(event_kind::stream_made, ends_[1].number, ends_[0].number);
}

pipe_state::~pipe_state() = default;

// ---- reading and writing ---------------------------------------------------------------------------------------------

moved pipe_state::read_now(std::size_t end, std::span<std::byte> to) {
  const moved came = locked([&](wakeups& woken) -> moved {
    const pipe_end& mine = ends_[end];
    direction& from = ways_[1 - end];
    if (mine.is_closed)
      return {0, moved::state::closed};
    lose_if_told(ways_[end], woken);
    send(from, by_fiber_of(), woken); // a fault may be due
    if (from.is_refused)
      return {0, moved::state::ended};
    if (from.come.empty())
      return {0, from.has_ended ? moved::state::ended : mine.is_reset ? moved::state::reset : moved::state::waits};
    to = to.first(std::min({to.size(), from.come.size(), from.faults.at_once_max}));
    from.come.take(to);
    tell_bytes(mine.number, bytes_event::way::read, to);
    send(from, by_fiber_of(), woken); // there is room again
    return {to.size(), moved::state::fine};
  });
  plan_stalls();
  return came;
}

moved pipe_state::write_now(std::size_t end, std::span<const std::byte> from) {
  return written(end, [&](wakeups& woken) -> moved {
    direction& to = ways_[end];
    const std::size_t room = high_water_ - std::min(to.unsent(), high_water_);
    if (room == 0)
      return {0, moved::state::waits};
    std::size_t bytes = std::min({room, from.size(), to.faults.at_once_max});
    if (executor* const by = by_fiber_of(); by != nullptr && bytes > 1)
      bytes = by->moves_at_once(bytes, ends_[end].number);
    return accept(to, from.first(bytes), woken);
  });
}

moved pipe_state::push_now(std::size_t end, std::span<const std::byte> from) {
  return written(end, [&](wakeups& woken) { return accept(ways_[end], from, woken); });
}

/// Unless the connection is gone.
template <class Accept>
moved pipe_state::written(std::size_t end, Accept accept) {
  const moved went = locked([&](wakeups& woken) -> moved {
    const pipe_end& mine = ends_[end];
    if (mine.is_closed)
      return {0, moved::state::closed};
    lose_if_told(ways_[end], woken);
    return mine.is_reset ? moved{0, moved::state::reset} : accept(woken);
  });
  plan_stalls();
  return went;
}

moved pipe_state::accept(direction& to, std::span<const std::byte> from, wakeups& woken) {
  to.sent.add(from);
  tell_bytes(to.writer->number, bytes_event::way::written, from);
  send(to, by_fiber_of(), woken);
  return {from.size(), to.writer->is_reset ? moved::state::reset : moved::state::fine};
}

std::size_t pipe_state::unsent(std::size_t end) const noexcept {
  const std::lock_guard held{lock_};
  return ways_[end].unsent();
}

// ---- on their way ----------------------------------------------------------------------------------------------------

/// What is on the writer's side goes its way: it is there at once, or when the executor lets it arrive.
void pipe_state::send(direction& along, executor* by, wakeups& woken) noexcept {
  if (along.due() == 0 || by == nullptr || !by->delays(along))
    pass(along, std::numeric_limits<std::size_t>::max(), by, woken);
}

/// A reset comes behind what has left.
void pipe_state::abort(direction& along, executor* by, wakeups& woken) noexcept {
  along.is_aborted = true;
  send(along, by, woken);
}

void pipe_state::arrive(direction& along, executor& at) noexcept {
  locked([&](wakeups& woken) {
    const std::size_t due = along.due();
    pass(along, due > 1 ? at.moves_at_once(due, along.number()) : due, &at, woken);
    if (along.due() != 0)
      static_cast<void>(at.delays(along)); // true: it has delayed this
  });
  plan_stalls();
}

std::size_t pipe_state::direction::left() const noexcept {
  return is_stalled || is_lost() ? 0 : std::min(sent.size(), of->capacity_ - come.size());
}

std::size_t pipe_state::direction::due() const noexcept {
  if (is_aborted && !reader->is_reset && (sent.empty() || is_lost()))
    return 1;
  if (is_stalled || is_lost())
    return 0;
  if (bytes_until_fault() == 0 || (has_ended && !sent.empty()))
    return 1;
  if (reader->is_closed)
    return sent.empty() ? 0 : 1;
  const std::size_t bytes = left();
  const bool ends = is_aborted ? !reader->is_reset : is_shut && !has_ended;
  return bytes + (ends && bytes == sent.size() ? 1 : 0);
}

/// Moves what can be moved from the writer's side to the reader's, of bytes no more than so many; and the end, unless they were
/// as many.
void pipe_state::pass(direction& on_its_way, std::size_t most, executor* by, wakeups& woken) noexcept {
  direction& way = on_its_way;
  while (!way.is_stalled && !way.is_lost()) {
    const std::size_t until = way.bytes_until_fault();
    if (until == 0) {
      strike(way);
    } else if (way.sent.empty()) {
      break;
    } else if (way.has_ended) {
      way.sent.clear(); // see pipe_faults::ends_at
    } else if (way.reader->is_closed) {
      way.sent.clear(); // it came to nobody, which takes its time to come back
      abort(*way.back, by, woken);
    } else {
      const std::size_t bytes = std::min({way.sent.size(), capacity_ - way.come.size(), until, most});
      if (bytes == 0)
        break;
      most -= bytes;
      way.come.add(way.sent.bytes().first(bytes));
      way.sent.drop(bytes);
      way.arrived += bytes;
    }
  }
  if (way.is_aborted && (way.sent.empty() || way.is_lost()) && most != 0)
    way.reader->is_reset = true;
  else if (way.is_shut && way.sent.empty() && !way.is_stalled && most != 0)
    way.has_ended = true;
  wake_if_ready(*way.writer, woken);
  wake_if_ready(*way.reader, woken);
}

std::size_t pipe_state::direction::bytes_until_fault() const noexcept {
  std::size_t until = std::numeric_limits<std::size_t>::max();
  for (const auto& at : {faults.resets_at, faults.ends_at, faults.stalls_at})
    if (at && *at >= arrived)
      until = std::min(until, *at - arrived);
  return until;
}

/// A fault is due.
void pipe_state::strike(direction& with) noexcept {
  if (with.faults.stalls_at == with.arrived) {
    with.faults.stalls_at.reset();
    with.is_stalled = true;
    with.stall_begins = with.faults.stalls_for != duration::max();
  } else if (with.faults.ends_at == with.arrived) {
    with.faults.ends_at.reset();
    with.has_ended = true;
    tell(event_kind::stream_cut, with.reader->number);
  } else {
    with.faults.resets_at.reset();
    with.writer->is_reset = with.reader->is_reset = true;
  }
}

/// Where a test wants it to: this side sees a reset, and so does the other one when it arrives there.
void pipe_state::lose_if_told(direction& to, wakeups& woken) noexcept {
  executor* const by = by_fiber_of();
  if (by == nullptr || (ends_[0].is_reset && ends_[1].is_reset) || !by->loses_connection())
    return;
  to.writer->is_reset = true;
  abort(to, by, woken);
}

// ---- stalls ----------------------------------------------------------------------------------------------------------

pipe_state::stall::~stall() {
  if (time_ != nullptr && !has_fired()) // else the time source may have gone
    time_->remove(*this);
}

/// Not under the pipe's lock, which the timer takes under that of its time source.
void pipe_state::stall::begin(direction& of_which, duration lasts, const executor& on) {
  of_which_ = &of_which;
  set_when(saturated(on.time().now(), lasts));
  on.time().add(*this);
  time_ = &on.time();
}

void pipe_state::stall::is_over(timer& fired, wakeups& woken) noexcept {
  direction& way = *static_cast<stall&>(fired).of_which_;
  const std::lock_guard held{way.of->lock_};
  way.is_stalled = false;
  way.of->pass(way, std::numeric_limits<std::size_t>::max(), nullptr, woken);
}

/// The end of those that have begun.
void pipe_state::plan_stalls() {
  for (direction& each : ways_)
    if (locked([&](wakeups&) { return std::exchange(each.stall_begins, false); }))
      each.stalled.begin(each, each.faults.stalls_for, *executor_here());
}

// ---- ending ----------------------------------------------------------------------------------------------------------

void pipe_state::end_reading(std::size_t end) noexcept {
  locked([&](wakeups& woken) {
    ways_[1 - end].is_refused = true;
    tell(event_kind::stream_cut, ends_[end].number);
    wake_if_ready(ends_[end], woken);
  });
}

void pipe_state::end_writing(std::size_t end) noexcept {
  locked([&](wakeups& woken) {
    ways_[end].is_shut = true;
    send(ways_[end], by_fiber_of(), woken);
  });
}

void pipe_state::begin_closing(std::size_t end) noexcept {
  locked([&](wakeups& woken) {
    ends_[end].is_closing = ways_[end].is_shut = true;
    send(ways_[end], by_fiber_of(), woken);
  });
}

void pipe_state::close(std::size_t end, bool resets) noexcept {
  locked([&](wakeups& woken) {
    direction& out = ways_[end];
    direction& in = ways_[1 - end];
    ends_[end].is_closed = true;
    // What nobody reads any more resets the connection, as with TCP.
    const bool aborts = resets || out.unsent() != 0 || !in.come.empty();
    out.sent.keep(out.left());
    in.come.clear();
    ends_[end].waits.wake_all(woken);
    if (aborts)
      abort(out, by_fiber_of(), woken);
  });
}

// ---- waiting ---------------------------------------------------------------------------------------------------------

void pipe_state::enter(std::size_t end, transport_wait& wait, const waitable& on) noexcept {
  locked([&](wakeups&) {
    if (!is_ready(ends_[end], wait.what()))
      ends_[end].waits.put(wait, on);
  });
}

void pipe_state::leave(std::size_t end, transport_wait& wait) noexcept {
  locked([&](wakeups&) { ends_[end].waits.remove(wait); });
}

bool pipe_state::is_ready(const pipe_end& end, readiness what) const noexcept {
  const direction& out = ways_[&end == &ends_[0] ? 0 : 1];
  const direction& in = ways_[&end == &ends_[0] ? 1 : 0];
  if (end.is_reset || end.is_closed)
    return true;
  switch (what) {
  case readiness::to_read:
    return end.is_closing || !in.come.empty() || in.has_ended || in.is_refused;
  case readiness::to_write:
    return end.is_closing || out.unsent() < high_water_;
  case readiness::flushed:
    return out.unsent() == 0;
  case readiness::to_drop: // there is nothing to drop
    break;
  }
  return true;
}

void pipe_state::wake_if_ready(pipe_end& end, wakeups& woken) noexcept {
  for (const readiness what : {readiness::to_read, readiness::to_write, readiness::flushed})
    if (is_ready(end, what))
      end.waits.wake(what, woken);
}

} // namespace troupe::detail
