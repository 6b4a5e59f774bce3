#include <troupe/runtime/caf_error.hpp>
#include <troupe/runtime/caf_request.hpp>
#include <troupe/runtime/caf_run.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_companion.hpp>
#include <caf/actor_system.hpp>
#include <caf/message_id.hpp>
#include <caf/message_priority.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include <utility>

namespace troupe::detail {

namespace {

caf::actor_companion& companion_in(const caf::strong_actor_ptr& pointer) noexcept {
  return static_cast<caf::actor_companion&>(*pointer->get());
}

} // namespace

caf_run::caf_run(caf::actor_system& system)
    : system_(system),
      // Hidden: the actor system does not wait for it. close() cleans it up before that goes.
      answers_to_(caf::actor_cast<caf::strong_actor_ptr>(system.spawn<caf::actor_companion, caf::hidden>())) {}

caf_run_pointer caf_run::make(caf::actor_system& system) {
  auto made = caf_run_pointer::owning(new caf_run{system});
  companion_in(made->answers_to_).on_enqueue([made](caf::mailbox_element_ptr element) { made->receive(*element); });
  return made;
}

void caf_run::watch(caf::strong_actor_ptr actor) {
  {
    const std::lock_guard held{lock_};
    actor_ = actor;
  }
  // Called on the thread on which it ends, or here and now. It cannot be taken back, so it has a count of its own.
  actor->get()->attach_functor(
      [self = caf_run_pointer::to(this)](const caf::error& reason) { self->has_ended(reason); });
}

void caf_run::send_exit(caf::exit_reason reason) const {
  if (const caf::strong_actor_ptr whom = actor(); whom != nullptr)
    whom->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(caf::message_priority::high), {},
                                            caf::exit_msg{whom->address(), reason}),
                  nullptr);
}

void caf_run::close() {
  caf::actor_companion& companion = companion_in(answers_to_);
  // Returns when nobody is in the old one, whose count of us goes with it. Requests are answered for ever.
  companion.on_enqueue([](caf::mailbox_element_ptr element) {
    caf_request{*element, {}}.bounce(make_error(ask_failure::receiver_down));
  });
  companion.cleanup(caf::exit_reason::normal, nullptr);
}

void caf_run::has_started() noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  started_ = true;
  wake(woken);
}

void caf_run::has_thrown(std::exception_ptr error) noexcept {
  const std::lock_guard held{lock_};
  error_ = std::move(error);
}

void caf_run::has_ended(const caf::error& reason) noexcept {
  caf::strong_actor_ptr actor; // holds us
  std::unordered_map<std::uint64_t, ask_pointer> left;
  {
    wakeups woken;
    const std::lock_guard held{lock_};
    ended_ = true;
    reason_ = reason;
    actor.swap(actor_);
    left.swap(asks_);
    wake(woken);
  }
  // CAF has answered what was queued before it called us: this has been begun, or is just being sent.
  for (const auto& [number, ask] : left)
    ask->dropped(ask_failure::restarting);
}

void caf_run::wake(wakeups& woken) noexcept {
  if (waiting_ != nullptr && holds(waiting_->until_))
    static_cast<void>(std::exchange(waiting_, nullptr)->self_->grant(woken)); // false: a stop was faster
}

void caf_run::receive(caf::mailbox_element& element) {
  if (!element.mid.is_response())
    return caf_request{element, caf::actor_cast<caf::actor_addr>(answers_to_)}.bounce(caf::sec::unexpected_message);
  ask_pointer ask;
  {
    const std::lock_guard held{lock_};
    const auto at = asks_.find(element.mid.request_id().integer_value());
    if (at == asks_.end())
      return; // it comes too late
    ask = std::move(at->second);
    asks_.erase(at);
  }
  static_cast<reply_block<caf::message>&>(*ask).answer(element.move_content_to_message());
}

std::uint64_t caf_run::number_of(const caf::mailbox_element& element) const noexcept {
  return element.mid.is_request() && element.sender == answers_to_ ? element.mid.request_id().integer_value() : 0;
}

ask_pointer caf_run::find(std::uint64_t number) const noexcept {
  const std::lock_guard held{lock_};
  const auto at = asks_.find(number);
  return at != asks_.end() ? at->second : ask_pointer{};
}

ask_block::look caf_run::begin(const caf::mailbox_element& element) noexcept {
  const std::uint64_t number = number_of(element);
  if (number == 0)
    return ask_block::look::goes_on;
  const ask_pointer ask = find(number);
  return ask ? ask->begin_outside() : ask_block::look::revoked;
}

void caf_run::put_back(const caf::mailbox_element& element) noexcept {
  if (const std::uint64_t number = number_of(element); number != 0)
    if (const ask_pointer ask = find(number))
      ask->put_back();
}

caf::strong_actor_ptr caf_run::actor() const {
  const std::lock_guard held{lock_};
  return actor_;
}

caf_run::change_operation::~change_operation() {
  const std::lock_guard held{of_.lock_};
  of_.waiting_ = nullptr; // still there only if we were stopped
}

void caf_run::change_operation::await_suspend(std::coroutine_handle<>) {
  if (kind_ != fiber::wait_kind::shielded && self_->stop_pending())
    return self_->stop();
  const std::lock_guard held{of_.lock_};
  if (of_.holds(until_))
    return self_->yield();
  if (!self_->open_wait(kind_, "a CAF actor", nullptr))
    return self_->stop();
  of_.waiting_ = this;
  self_->park();
}

bool caf_run::change_operation::await_resume() const noexcept {
  const std::lock_guard held{of_.lock_};
  return of_.started_;
}

caf_run::asking::asking(caf_run_pointer whom, ask_pointer block) : whom_(std::move(whom)), block_(std::move(block)) {}

caf_run::asking::~asking() {
  block_->tell_reply_gone(); // only while this lives is there an answer
  if (number_ == 0)
    return;
  ask_pointer gone;
  const std::lock_guard held{whom_->lock_};
  if (const auto at = whom_->asks_.find(number_); at != whom_->asks_.end()) {
    gone = std::move(at->second);
    whom_->asks_.erase(at);
  }
}

void caf_run::asking::send(caf::message content) {
  caf::strong_actor_ptr actor;
  if (whom_) {
    const std::lock_guard held{whom_->lock_};
    actor = whom_->actor_;
    if (actor != nullptr) {
      whom_->asks_.emplace(whom_->last_ask_ + 1, block_);
      number_ = ++whom_->last_ask_;
    }
  }
  if (actor == nullptr)
    return block_->fail(ask_failure::restarting);
  if (!whom_->sees_messages_)
    static_cast<void>(block_->begin_outside());
  const caf::message_id id{caf::make_message_id().integer_value() | number_};
  actor->enqueue(caf::make_mailbox_element(whom_->answers_to_, id, {}, std::move(content)), nullptr);
}

} // namespace troupe::detail
