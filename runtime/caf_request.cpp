#include <troupe/runtime/caf_request.hpp>

#include <caf/actor_cast.hpp>
#include <caf/make_message.hpp>

#include <utility>

namespace troupe::detail {

caf_request::caf_request(caf::mailbox_element& from, caf::actor_addr answers_as) noexcept
    : answers_as_(std::move(answers_as)), sender_(std::move(from.sender)), stages_(std::move(from.stages)),
      id_(from.mid) {}

bool caf_request::wants_answer() const noexcept { return !stages_.empty() || (id_.is_request() && sender_ != nullptr); }

void caf_request::answer(caf::message value) const {
  if (stages_.empty())
    return respond(std::move(value));
  // The last stage is next: it works on our answer as if it had been asked itself.
  auto left = stages_;
  const caf::strong_actor_ptr next = std::move(left.back());
  left.pop_back();
  next->enqueue(caf::make_mailbox_element(sender_, id_, std::move(left), std::move(value)), nullptr);
}

void caf_request::refuse(const caf::error& why) const { respond(caf::make_message(why)); }

void caf_request::bounce(const caf::error& why) const {
  if (id_.is_request())
    refuse(why);
}

void caf_request::respond(caf::message content) const {
  if (sender_ != nullptr && !id_.is_response())
    sender_->enqueue(caf::make_mailbox_element(caf::actor_cast<caf::strong_actor_ptr>(answers_as_), id_.response_id(),
                                               {}, std::move(content)),
                     nullptr);
}

} // namespace troupe::detail
