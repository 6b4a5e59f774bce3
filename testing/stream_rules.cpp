#include <troupe/testing/stream_rules.hpp>

#include <algorithm>
#include <string_view>

namespace troupe::detail {

stream_rules::end* stream_rules::end_of(std::uint64_t number) noexcept {
  const auto found = std::find_if(ends_.begin(), ends_.end(), [&](const end& each) { return each.number == number; });
  return found != ends_.end() ? &*found : nullptr;
}

void stream_rules::end::has_read(std::size_t bytes) {
  read += bytes;
  if (read > given.size() / 2) { // else the rest would be moved for each byte
    given.erase(0, read);
    read = 0;
  }
}

void stream_rules::wrong(const end& of, const std::string& what) {
  to_.violated(invariant::bytes, "stream #" + std::to_string(of.number) + ' ' + what);
}

void stream_rules::on(const bytes_event& happened) {
  end* const at = end_of(happened.stream);
  if (at == nullptr)
    return;
  to_.looked(invariant::bytes);
  const std::string_view bytes{reinterpret_cast<const char*>(happened.bytes.data()), happened.bytes.size()};
  if (at->is_closed || at->was_reset)
    wrong(*at, "moves bytes, and was closed or reset");
  if (happened.how == bytes_event::way::written) {
    if (at->is_shut)
      wrong(*at, "has accepted bytes after its writing side was shut down");
    if (end* const other = end_of(at->other); other != nullptr)
      other->given += bytes;
    return;
  }
  if (at->has_ended)
    wrong(*at, "gives bytes after its end");
  if (!at->to_read().starts_with(bytes))
    wrong(*at, "gives other bytes than were written, or in another order");
  else
    at->has_read(bytes.size());
}

void stream_rules::on(const event& happened) {
  if (happened.kind == event_kind::stream_made) {
    ends_.push_back({happened.object, happened.cause});
    return;
  }
  end* const at = end_of(happened.object);
  if (at == nullptr)
    return;
  to_.looked(invariant::bytes);
  end* const other = end_of(at->other);
  switch (happened.kind) {
  case event_kind::stream_cut:
    at->is_cut = true;
    return;
  case event_kind::stream_ended:
    at->has_ended = true;
    if (!at->is_cut && !at->to_read().empty())
      wrong(*at, "is said to have ended, and " + std::to_string(at->to_read().size()) + " bytes of it were not read");
    if (!at->is_cut && other != nullptr && !other->is_shut)
      wrong(*at, "is said to have ended, and its writer has not ended it");
    return;
  case event_kind::stream_reset:
    if (at->was_reset)
      wrong(*at, "is said to be reset twice");
    at->was_reset = true;
    return;
  case event_kind::stream_closed:
    at->is_closed = at->is_shut = true;
    return;
  default: // stream_shut
    at->is_shut = true;
    return;
  }
}

} // namespace troupe::detail
