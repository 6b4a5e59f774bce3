// The answer that a message of CAF's may want. Opt-in: shows CAF's headers, target troupe::caf.

#pragma once

#include <caf/actor_addr.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>

namespace troupe::detail {

/// Where the answer to one message goes, apart from the message: `caf::response_promise` is for actors of CAF's own.
///
/// @thread any, one at a time; answered once
class caf_request {
public:
  /// Takes it out of the message.
  caf_request(caf::mailbox_element& from, caf::actor_addr answers_as) noexcept;

  /// True for a request, and for what others wait for behind it (`f * g`).
  bool wants_answer() const noexcept;
  /// Answers: the next of its stages, where it has any (CAF 0.17's composed actors), else who has asked.
  void answer(caf::message value) const;
  /// Answers with an error. It goes to who has asked, past all stages: an actor that gets an error for a request quits.
  /// As with CAF's own actors it goes to the sender of a plain message as well, if that has one.
  void refuse(const caf::error& why) const;
  /// The same for a request alone: who has only sent hears nothing.
  void bounce(const caf::error& why) const;

private:
  void respond(caf::message content) const;

  caf::actor_addr answers_as_; // weak: an answer that waits must not keep the face
  caf::strong_actor_ptr sender_;
  caf::mailbox_element::forwarding_stack stages_;
  caf::message_id id_;
};

} // namespace troupe::detail
