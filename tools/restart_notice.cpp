#include <troupe/tools/restart_notice.hpp>

#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/tree_event.hpp>

#include <fmt/format.h>

#include <chrono>

namespace troupe::tools {

namespace {

constexpr duration says_every = std::chrono::seconds{5};

} // namespace

void restart_notice::on_tree_event(const tree_event& happened) noexcept {
  if (happened.kind != tree_event_kind::ended || happened.reason.error == nullptr)
    return;
  try {
    const std::lock_guard held{lock_};
    if (said_ && happened.time - *said_ < says_every) {
      ++omitted_;
      return;
    }
    said_ = happened.time;
    const std::string more = omitted_ == 0 ? "" : fmt::format(" ({} more since the last such line)", omitted_);
    omitted_ = 0;
    says_(
        fmt::format("{} has failed: {}\n  the actors are started anew, and meanwhile requests are told `unavailable`{}",
                    happened.path, message_of(happened.reason.error), more));
  } catch (...) { // out of memory: the service may live on without the sentence
  }
}

} // namespace troupe::tools
