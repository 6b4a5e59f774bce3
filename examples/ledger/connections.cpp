#include <troupe/ledger/connections.hpp>

#include <algorithm>

namespace troupe::ledger {

connections::place::place(connections& in, byte_stream& over, instant now) : in_(in), over_(over), idle_since_(now) {
  const std::lock_guard held{in_.lock_};
  at_ = in_.all_.insert(in_.all_.end(), this);
  ++in_.counts_.accepted;
  in_.counts_.open = in_.all_.size();
  if (in_.all_.size() > in_.options_.connections_max)
    in_.make_room(*this, now);
}

connections::place::~place() {
  const std::lock_guard held{in_.lock_};
  in_.all_.erase(at_);
  in_.counts_.open = in_.all_.size();
}

void connections::place::request_begins() noexcept {
  const std::lock_guard held{in_.lock_};
  ++in_hand_;
  ++requests_;
  ++in_.counts_.requests;
}

void connections::place::request_ends(instant now) noexcept {
  const std::lock_guard held{in_.lock_};
  --in_hand_;
  idle_since_ = now;
}

bool connections::place::is_idle() const noexcept {
  const std::lock_guard held{in_.lock_};
  return in_hand_ == 0;
}

bool connections::place::must_go() const noexcept {
  const std::lock_guard held{in_.lock_};
  return must_go_;
}

void connections::make_room(const place& for_this, instant now) noexcept {
  place* goes = nullptr;
  const auto idle_for_each_request = [now](const place& of) {
    return std::chrono::duration<double>(now - of.idle_since_) /
           static_cast<double>(std::max<std::uint64_t>(of.requests_, 1));
  };
  const auto goes_before = [&](const place& a, const place& b) {
    if ((a.requests_ == 0) != (b.requests_ == 0))
      return a.requests_ == 0;
    return idle_for_each_request(a) > idle_for_each_request(b);
  };
  for (place* const each : all_)
    if (each != &for_this && each->in_hand_ == 0 && !each->must_go_ && (goes == nullptr || goes_before(*each, *goes)))
      goes = each;
  if (goes == nullptr)
    return; // all are busy: the listener's own limit holds
  goes->must_go_ = true;
  goes->over_.end_reading();
}

} // namespace troupe::ledger
