#include <troupe/runtime/caf_bounded.hpp>
#include <troupe/runtime/caf_error.hpp>
#include <troupe/runtime/caf_request.hpp>
#include <troupe/scope/assert.hpp>

#include <caf/system_messages.hpp>

namespace troupe {

namespace detail {

caf_bound::caf_bound(capacity at_most, overflow on_full) : capacity_(at_most.items), on_full_(on_full) {
  TROUPE_ASSERT(
      on_full == overflow::reject || on_full == overflow::drop_newest,
      "a bounded CAF actor has overflow::reject or overflow::drop_newest: CAF's senders cannot wait, and what "
      "is queued cannot be given up for a newer message");
}

bool caf_bound::counts(const caf::mailbox_element& element) noexcept {
  if (element.mid.is_response() || element.mid.is_stream_message())
    return false;
  const caf::type_erased_tuple& content = element.content();
  return !content.match_elements<caf::exit_msg>() && !content.match_elements<caf::down_msg>() &&
         !content.match_elements<caf::error>() && !content.match_elements<caf::timeout_msg>();
}

bool caf_bound::admit(caf::mailbox_element& element) {
  if (over_.load())
    return true; // CAF answers what comes too late
  std::size_t depth = depth_.load();
  do {
    if (depth >= capacity_) {
      refused_.fetch_add(1);
      caf_request{element, {}}.bounce(make_error(ask_failure::overflow));
      return false;
    }
  } while (!depth_.compare_exchange_weak(depth, depth + 1));
  accepted_.fetch_add(1);
  for (std::size_t most = depth_max_.load(); most < depth + 1 && !depth_max_.compare_exchange_weak(most, depth + 1);) {
  }
  return true;
}

bounded_statistics caf_bound::statistics() const noexcept {
  const std::uint64_t refused = refused_.load();
  return {.capacity = capacity_,
          .depth = over_.load() ? 0 : depth_.load(),
          .depth_max = depth_max_.load(),
          .accepted = accepted_.load(),
          .rejected = on_full_ == overflow::reject ? refused : 0,
          .dropped = on_full_ == overflow::drop_newest ? refused : 0};
}

std::optional<bounded_statistics> caf_bound::of(const caf::abstract_actor* actor) noexcept {
  const auto* const bound = dynamic_cast<const caf_bound*>(actor);
  return bound != nullptr ? std::optional{bound->statistics()} : std::nullopt;
}

} // namespace detail

} // namespace troupe
