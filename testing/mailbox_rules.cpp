#include <troupe/testing/mailbox_rules.hpp>

#include <algorithm>

namespace troupe::detail {

namespace {

constexpr std::uint64_t line_of_send = wait_line("send");
constexpr std::uint64_t line_of_reserve = wait_line("reserve");
constexpr std::uint64_t line_of_receive = wait_line("receive");
constexpr std::uint64_t line_of_join = wait_line("join");

constexpr std::uint64_t index_of(std::uint64_t counted) noexcept { return counted & 0xffff'ffffU; }

} // namespace

void mailbox_rules::begin_run() noexcept {
  boxes_.clear();
  waits_.clear();
  served_.clear();
}

mailbox_rules::box* mailbox_rules::find(std::uint64_t number) noexcept {
  const auto found = std::find_if(boxes_.begin(), boxes_.end(), [&](const box& each) { return each.number == number; });
  return found != boxes_.end() ? &*found : nullptr;
}

void mailbox_rules::made(const event& happened) {
  box& added = boxes_.emplace_back();
  added.number = happened.object;
  added.capacity = happened.cause;
}

void mailbox_rules::on(const event& happened) {
  switch (happened.kind) {
  case event_kind::mailbox_made:
    return made(happened);
  case event_kind::child_retired:
    if (box* const of = find(happened.place); of != nullptr)
      of->retired = true;
    return;
  case event_kind::wait_begun:
    return wait_begun(happened);
  case event_kind::wait_granted:
  case event_kind::wait_stopped:
  case event_kind::wait_taken_back:
    return wait_over(happened);
  case event_kind::mailbox_closed:
  case event_kind::mailbox_opened:
  case event_kind::mailbox_joined:
  case event_kind::mailbox_gone:
  case event_kind::item_queued:
  case event_kind::item_handed:
  case event_kind::items_claimed:
  case event_kind::items_put_back:
  case event_kind::items_freed:
  case event_kind::items_taken:
  case event_kind::items_settled:
  case event_kind::item_kept:
  case event_kind::item_given:
  case event_kind::slot_reserved:
  case event_kind::slot_returned:
    break;
  default:
    return;
  }
  box* const of = find(happened.object);
  if (of == nullptr)
    return;
  of->touched = true;
  switch (happened.kind) {
  case event_kind::mailbox_closed:
    of->closed = true;
    return;
  case event_kind::mailbox_opened:
    of->closed = of->retired = false;
    return;
  case event_kind::mailbox_joined:
    return joined(*of);
  case event_kind::mailbox_gone:
    return gone(*of, happened);
  case event_kind::item_queued:
  case event_kind::item_handed:
    return accepted(*of, happened);
  case event_kind::items_claimed:
    return claimed(*of, happened);
  case event_kind::items_put_back:
    of->first -= happened.place;
    of->claimed -= std::min<std::uint64_t>(of->claimed, happened.place);
    return;
  case event_kind::items_freed:
    of->claimed -= std::min<std::uint64_t>(of->claimed, happened.place);
    of->out += happened.place;
    return;
  case event_kind::items_taken:
    return taken(*of, happened);
  case event_kind::items_settled:
    return settled(*of, happened);
  case event_kind::item_kept:
    ++of->kept;
    to_.looked(invariant::no_duplicate);
    if (happened.cause > happened.place)
      to_.violated(invariant::no_duplicate, name_of(*of) + " gives an item again, for the " +
                                                std::to_string(happened.cause) + "th time, and may do so " +
                                                std::to_string(happened.place) + " times");
    return;
  case event_kind::item_given:
    of->kept -= std::min<std::uint64_t>(of->kept, 1);
    return;
  case event_kind::slot_reserved:
    if (happened.cause == 0)
      must_not_overtake(*of, happened);
    else if (!was_granted(*of, happened.cause))
      to_.violated(invariant::capacity, name_of(*of) + " reserved room for fiber " + std::to_string(happened.cause) +
                                            ", which does not wait for it any more");
    ++of->reserved;
    to_.looked(invariant::capacity);
    if (of->used() > of->capacity)
      to_.violated(invariant::capacity, name_of(*of) + " has more reserved and queued than it has room for");
    return;
  case event_kind::slot_returned:
    if (of->reserved == 0)
      to_.violated(invariant::capacity, name_of(*of) + " got a slot back that was not reserved");
    else
      --of->reserved;
    return;
  default:
    return;
  }
}

// ---- items -----------------------------------------------------------------------------------------------------------

void mailbox_rules::accepted(box& of, const event& happened) {
  const bool by_permit = happened.place == 1;
  if (by_permit && of.reserved != 0)
    --of.reserved;
  else if (by_permit)
    to_.violated(invariant::capacity, name_of(of) + " took an item by a permit that it has not given");
  else if (happened.place == 0)
    must_not_overtake(of, happened);
  else if (happened.subject != 0 && !was_granted(of, happened.subject))
    to_.violated(invariant::no_loss, name_of(of) + " took an item of fiber " + std::to_string(happened.subject) +
                                         ", whose send was stopped");
  if (of.closed && !by_permit)
    to_.violated(invariant::drain, name_of(of) + " accepted an item after it was closed");
  ++of.in;
  if (happened.kind == event_kind::item_handed) {
    ++of.out;
    to_.looked(invariant::fifo);
    if (of.queued() != 0)
      to_.violated(invariant::fifo, name_of(of) + " handed an item to who waits, past those that are queued");
    return;
  }
  if (!of.any_order && index_of(of.next) != happened.cause)
    to_.violated(invariant::fifo, name_of(of) + " queued an item at another place than the last");
  ++of.next;
  to_.looked(invariant::capacity);
  if (of.used() > of.capacity)
    to_.violated(invariant::capacity, name_of(of) + " holds " + std::to_string(of.used()) +
                                          " items, and has room for " + std::to_string(of.capacity));
}

void mailbox_rules::take_from_front(box& of, std::uint64_t first, std::uint64_t count) {
  to_.looked(invariant::fifo);
  if (!of.any_order && index_of(of.first) != first)
    to_.violated(invariant::fifo, name_of(of) + " gave another item than the first");
  to_.looked(invariant::no_duplicate);
  if (count > of.queued()) {
    to_.violated(invariant::no_duplicate, name_of(of) + " gave more items than are queued");
    count = of.queued();
  }
  of.first += count;
}

void mailbox_rules::claimed(box& of, const event& happened) {
  take_from_front(of, happened.cause, happened.place);
  of.claimed += happened.place;
}

void mailbox_rules::taken(box& of, const event& happened) {
  if (happened.cause == item_anywhere) {
    of.any_order = true;
    of.first += std::min<std::uint64_t>(of.queued(), happened.place);
  } else {
    take_from_front(of, happened.cause, happened.place);
  }
  of.out += happened.place;
}

void mailbox_rules::settled(box& of, const event& happened) {
  of.settled += happened.place;
  to_.looked(invariant::no_duplicate);
  // What is claimed may be let go of before its slot is told to be free.
  if (of.settled > of.out + of.claimed)
    to_.violated(invariant::no_duplicate, name_of(of) + " has settled more items than were received");
}

void mailbox_rules::gone(box& of, const event& happened) {
  of.gone = true;
  to_.looked(invariant::no_loss);
  if (of.settled != of.in)
    to_.violated(invariant::no_loss, name_of(of) + " has gone with " + std::to_string(of.in - of.settled) + " of " +
                                         std::to_string(of.in) + " items that were neither handled nor dropped");
  to_.looked(invariant::capacity);
  if (of.reserved != 0)
    to_.violated(invariant::capacity, name_of(of) + " has gone with a permit out");
  if (happened.cause != of.settled || happened.place != of.reserved)
    to_.violated(invariant::capacity, name_of(of) + " itself has counted " + std::to_string(happened.cause) +
                                          " items as settled and " + std::to_string(happened.place) +
                                          " as reserved, not " + std::to_string(of.settled) + " and " +
                                          std::to_string(of.reserved));
}

// ---- waits -----------------------------------------------------------------------------------------------------------

void mailbox_rules::wait_begun(const event& happened) {
  const bool sends = happened.cause == line_of_send || happened.cause == line_of_reserve;
  const bool receives = happened.cause == line_of_receive;
  if (!sends && !receives && happened.cause != line_of_join)
    return;
  std::erase_if(served_, [&](const wait& each) { return each.fiber == happened.subject; }); // it was refused
  waits_.push_back({happened.subject, happened.object,
                    sends      ? lane::senders
                    : receives ? lane::receivers
                               : lane::joiners});
  if (box* const of = find(happened.object); of != nullptr)
    of->touched = true;
}

void mailbox_rules::wait_over(const event& happened) {
  const auto of = std::find_if(waits_.begin(), waits_.end(), [&](const wait& each) {
    return each.fiber == happened.subject && each.object == happened.object;
  });
  if (of == waits_.end())
    return;
  if (happened.kind == event_kind::wait_granted) {
    if (of->in == lane::senders)
      served_.push_back(*of);
    to_.looked(invariant::no_barging);
    const auto first = std::find_if(waits_.begin(), of,
                                    [&](const wait& each) { return each.object == of->object && each.in == of->in; });
    if (first != of)
      to_.violated(invariant::no_barging, "of those who wait at mailbox " + std::to_string(of->object) + ", fiber " +
                                              std::to_string(of->fiber) + " was served before fiber " +
                                              std::to_string(first->fiber) + ", which began to wait before it");
    if (const box* const at = find(of->object); of->in == lane::joiners && at != nullptr)
      joined(*at);
  }
  waits_.erase(of);
}

void mailbox_rules::joined(const box& of) {
  to_.looked(invariant::drain);
  if (of.settled != of.in)
    to_.violated(invariant::drain, "who joins " + name_of(of) + " goes on though " +
                                       std::to_string(of.in - of.settled) + " items are not settled");
}

void mailbox_rules::must_not_overtake(const box& of, const event& happened) {
  to_.looked(invariant::no_barging);
  const auto waiting = std::find_if(waits_.begin(), waits_.end(), [&](const wait& each) {
    return each.object == of.number && each.in == lane::senders;
  });
  if (waiting != waits_.end())
    to_.violated(invariant::no_barging, "fiber " + std::to_string(happened.subject) + " got room in " + name_of(of) +
                                            " though fiber " + std::to_string(waiting->fiber) + " waits for it");
}

/// Once: of each grant something comes once.
bool mailbox_rules::was_granted(const box& of, std::uint64_t fiber) {
  return std::erase_if(served_, [&](const wait& each) { return each.object == of.number && each.fiber == fiber; }) != 0;
}

void mailbox_rules::after_step() {
  for (box& each : boxes_) {
    if (!each.touched)
      continue;
    each.touched = false;
    if (each.gone)
      continue;
    const auto waits = [&](lane in) {
      return std::any_of(waits_.begin(), waits_.end(),
                         [&](const wait& one) { return one.object == each.number && one.in == in; });
    };
    to_.looked(invariant::no_stranded_wait);
    if (waits(lane::senders) && (each.closed || each.used() < each.capacity))
      to_.violated(invariant::no_stranded_wait,
                   each.closed ? "somebody waits for room in " + name_of(each) + ", which is closed"
                               : "somebody waits for room in " + name_of(each) + ", which has some");
    if (waits(lane::receivers) && each.queued() + each.kept != 0)
      to_.violated(invariant::no_stranded_wait, "somebody waits for an item of " + name_of(each) + ", which has one");
    if (waits(lane::receivers) && each.closed && each.reserved == 0)
      to_.violated(invariant::no_stranded_wait, "somebody waits for an item of " + name_of(each) + ", which is closed");
    if (waits(lane::joiners) && each.settled == each.in)
      to_.violated(invariant::drain, "somebody waits to join " + name_of(each) + ", of which all is settled");
  }
}

void mailbox_rules::at_rest() {
  for (const box& each : boxes_) {
    if (!each.retired || each.gone)
      continue;
    to_.looked(invariant::no_loss);
    if (each.queued() != 0)
      to_.violated(invariant::no_loss, name_of(each) + " keeps " + std::to_string(each.queued()) +
                                           " items though the actor that reads it has ended for good");
  }
}

void mailbox_rules::at_end() {
  for (const box& each : boxes_) {
    if (each.gone)
      continue;
    to_.looked(invariant::no_loss);
    // What is queued in a mailbox that somebody still has can still be received.
    const std::uint64_t waiting = each.queued() + each.claimed + each.kept;
    if (each.in - each.settled != waiting)
      to_.violated(invariant::no_loss, name_of(each) + " is left with " + std::to_string(each.in - each.settled) +
                                           " items that are not settled, and " + std::to_string(waiting) +
                                           " that wait");
    if (each.reserved != 0)
      to_.violated(invariant::capacity, name_of(each) + " is left with a permit out");
  }
}

} // namespace troupe::detail
