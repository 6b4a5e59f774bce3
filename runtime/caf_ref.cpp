#include <troupe/actors/actor_ref.hpp>
#include <troupe/runtime/caf_error.hpp>
#include <troupe/runtime/caf_ref.hpp>
#include <troupe/scope/checkpoint.hpp>

#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

#include <optional>
#include <string>

namespace troupe::detail {

namespace {

/// Nobody waits for the fate of what has begun: CAF's actors cannot be told to stop it.
constexpr ask_limits limits_of_asks{.fate = duration::zero()};

task<> sent(caf_run::asking& ask, ask_block& block, caf::message& content) {
  co_await checkpoint();
  ask.send(std::move(content));
  co_await ask_block::wait_operation{block};
}

/// It was not begun, because no run was there, or none in time.
ask_error not_running(const supervised& child) {
  return ask_error{child.state() == child_status::down ? ask_failure::receiver_down : ask_failure::restarting};
}

caf::message answer_in(reply_block<caf::message>& block, const caf_run_pointer& run, const supervised& child) {
  caf::message answer;
  try {
    answer = block.take();
  } catch (const ask_error& failed) {
    if (failed.why() == ask_failure::restarting)
      throw not_running(child);
    throw;
  }
  if (!answer.match_elements<caf::error>())
    return answer;
  const auto& error = answer.get_as<caf::error>(0);
  if (error == caf::sec::request_receiver_down && !block.begun()) // CAF has emptied its mailbox
    throw not_running(child);
  if (error == caf::sec::request_receiver_down && !run->knows_what_begins())
    throw ask_error{ask_failure::in_doubt};
  if (const std::optional<ask_failure> why = ask_failure_in(error);
      why && block.begun() && ask_error{*why}.nothing_begun())
    throw caf_failure{
        std::string("the CAF actor has answered with what another one was told: ") + ask_error{*why}.what(), error};
  std::rethrow_exception(failure_in(error, run->system(), "the CAF actor has answered with an error"));
}

} // namespace

void caf_child_life::set(caf_run_pointer run) {
  const std::lock_guard held{lock_};
  std::swap(run_, run); // the old one goes without the lock
}

void caf_child_life::reset(const caf_run& run) {
  caf_run_pointer gone;
  const std::lock_guard held{lock_};
  if (run_ && &*run_ == &run)
    gone = std::move(run_);
}

caf_run_pointer caf_child_life::run() const {
  const std::lock_guard held{lock_};
  return run_;
}

task<caf::message> caf_asked(caf_life_pointer whom, supervised child, caf::message content) {
  auto* const made = new reply_block<caf::message>;
  const ask_pointer block = ask_pointer::owning(made);
  const caf_run_pointer run = whom->run();
  made->taken(); // it is in no queue of ours
  caf_run::asking ask{run, ask_pointer::owning(made)};
  co_await settled(*made, sent(ask, *made, content), limits_of_asks);
  co_return answer_in(*made, run, child);
}

void throw_unexpected_answer(const caf::message& answer) {
  throw caf_failure{"the CAF actor has answered with something else than was asked for: " + caf::to_string(answer),
                    caf::make_error(caf::sec::unexpected_response)};
}

} // namespace troupe::detail
