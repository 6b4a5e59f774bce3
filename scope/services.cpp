#include <troupe/scope/assert.hpp>
#include <troupe/scope/services.hpp>

namespace troupe::detail {

void services::end() noexcept {
  for (;;) {
    owned last{nullptr, nullptr}; // destroyed without the lock: its threads may look for others on their way out
    const std::lock_guard held{lock_};
    has_ended_ = true;
    if (all_.empty())
      return;
    last = std::move(all_.back().object);
    all_.pop_back();
  }
}

void* services::find(const char* of) const noexcept {
  for (const service& each : all_)
    if (each.of == of)
      return each.object.get();
  return nullptr;
}

void* services::add(const char* of, owned object) {
  TROUPE_ASSERT(!has_ended_, "something was used for the first time on an executor that has been stopped");
  all_.push_back({of, std::move(object)});
  return all_.back().object.get();
}

} // namespace troupe::detail
