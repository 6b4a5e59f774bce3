#include <troupe/mailbox/statistics.hpp>
#include <troupe/testing/messages.hpp>

#include <algorithm>
#include <iterator>

namespace troupe::detail {

namespace {

constexpr std::uint64_t several = ~std::uint64_t{0};

/// Indices of a queue wrap.
constexpr std::uint64_t in_queue(std::uint64_t index) noexcept { return index & 0xffff'ffffU; }

/// Of items that were taken in their order, see `event_kind::items_settled`.
constexpr bool was_never_received(std::uint64_t why) noexcept {
  constexpr auto as_told = [](drop_reason reason) { return static_cast<std::uint64_t>(reason) + 1; };
  return why == as_told(drop_reason::oldest) || why == as_told(drop_reason::no_receiver) ||
         why == as_told(drop_reason::expired) || why > drop_reasons; // given back to who closed the mailbox
}

} // namespace

messages::messages(const trace& run) {
  for (std::size_t at = 0; at != run.events().size(); ++at)
    on(run.events()[at], at);
  for (const message_record& each : all_)
    if (each.received)
      read(each.mailbox, each.received->fiber);
}

std::string messages::mailbox_name(const trace& run, std::uint64_t number) const {
  std::string name = "mailbox " + std::to_string(number);
  if (const auto reader = readers_.find(number);
      reader != readers_.end() && reader->second != 0 && reader->second != several)
    name += " of " + run.path_of(reader->second);
  return name;
}

void messages::on(const event& happened, std::size_t at) {
  switch (happened.kind) {
  case event_kind::mailbox_made:
    readers_.emplace(happened.object, 0);
    return;
  case event_kind::item_queued:
    queues_[happened.object].sent[happened.cause] = sent(happened, at);
    return;
  case event_kind::item_handed:
    all_[sent(happened, at)].received = moment{at, happened.cause};
    return;
  case event_kind::items_claimed:
  case event_kind::items_taken:
    return taken(happened, at);
  case event_kind::items_put_back:
    return put_back(queues_[happened.object], happened.place);
  case event_kind::items_settled:
    return settled(queues_[happened.object], happened);
  case event_kind::ask_sent:
  case event_kind::ask_begun:
  case event_kind::ask_answered:
  case event_kind::ask_ended:
    return on_ask(happened, at);
  default:
    return;
  }
}

/// The item of an ask is the ask.
std::size_t messages::sent(const event& happened, std::size_t at) {
  if (const auto asks = being_sent_.find(happened.subject);
      asks != being_sent_.end() && all_[asks->second].mailbox == happened.object) {
    const std::size_t place = asks->second;
    being_sent_.erase(asks);
    return place;
  }
  message_record& made = all_.emplace_back();
  made.mailbox = happened.object;
  made.sent = {at, happened.subject};
  return all_.size() - 1;
}

void messages::taken(const event& happened, std::size_t at) {
  queued_items& of = queues_[happened.object];
  if (happened.cause == item_anywhere)
    return of.sent.clear();
  const bool is_claim = happened.kind == event_kind::items_claimed;
  if (is_claim) {
    of.claimed_from = happened.cause;
    of.claimed.clear();
  }
  for (std::uint64_t index = happened.cause; index != happened.cause + happened.place; ++index) {
    const auto item = of.sent.find(in_queue(index));
    if (is_claim)
      of.claimed.push_back(item != of.sent.end() ? std::optional{item->second} : std::nullopt);
    if (item == of.sent.end())
      continue;
    if (!is_claim)
      of.taken.push_back(item->second);
    all_[item->second].received = moment{at, happened.subject};
    of.sent.erase(item);
  }
}

void messages::put_back(queued_items& of, std::uint32_t count) {
  for (; count != 0 && !of.claimed.empty(); --count) {
    if (const auto item = of.claimed.back()) {
      all_[*item].received.reset();
      of.sent[in_queue(of.claimed_from + of.claimed.size() - 1)] = *item;
    }
    of.claimed.pop_back();
  }
}

/// Who takes an item only to drop it has not received it. It does so before anything else.
void messages::settled(queued_items& of, const event& happened) {
  if (!was_never_received(happened.cause))
    return;
  for (std::uint32_t left = happened.place; left != 0; --left) {
    const auto last = std::find_if(of.taken.rbegin(), of.taken.rend(), [&](std::size_t each) {
      return all_[each].received && all_[each].received->fiber == happened.subject;
    });
    if (last == of.taken.rend())
      return;
    all_[*last].received.reset();
    of.taken.erase(std::next(last).base());
  }
}

void messages::on_ask(const event& happened, std::size_t at) {
  const moment now{at, happened.subject};
  if (happened.kind == event_kind::ask_sent) {
    message_record& made = all_.emplace_back();
    made.mailbox = happened.cause;
    made.ask = happened.object;
    made.sent = now;
    asks_[happened.object] = being_sent_[happened.subject] = all_.size() - 1;
    return;
  }
  const auto found = asks_.find(happened.object);
  if (found == asks_.end())
    return;
  message_record& of = all_[found->second];
  if (happened.kind == event_kind::ask_begun) {
    of.begun = now;
  } else if (happened.kind == event_kind::ask_answered) {
    of.answered = now;
  } else {
    of.ended = now;
    if (const auto asks = being_sent_.find(happened.subject);
        asks != being_sent_.end() && asks->second == found->second)
      being_sent_.erase(asks); // it was refused, or stopped before there was room
  }
}

void messages::read(std::uint64_t mailbox, std::uint64_t fiber) {
  std::uint64_t& reader = readers_[mailbox];
  reader = reader == 0 || reader == fiber ? fiber : several;
}

} // namespace troupe::detail
