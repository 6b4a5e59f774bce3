#include <troupe/actors/actor_life.hpp>
#include <troupe/scope/station.hpp>

#include <mutex>

namespace troupe::detail {

void actor_life::stop() noexcept {
  const std::lock_guard held{lock_};
  stopped_ = true;
  if (scope_ != nullptr)
    scope_->cancel(); // stays where it is meanwhile: end() needs our lock
}

bool actor_life::is_stopped() noexcept {
  const std::lock_guard held{lock_};
  return stopped_;
}

void actor_life::begin(cancel_scope& scope) noexcept {
  const std::lock_guard held{lock_};
  scope_ = &scope;
  if (stopped_)
    scope.cancel();
}

void actor_life::end() noexcept {
  const std::lock_guard held{lock_};
  scope_ = nullptr;
}

void actor_life::revive() noexcept {
  const std::lock_guard held{lock_};
  stopped_ = false;
}

task<> live(actor_life_pointer life, task<> work) {
  fiber& self = co_await current_fiber{};
  outcome<> ended;
  bool pass_on = false;
  {
    cancel_scope scope{self};
    life->begin(scope);
    ended = co_await catch_stop(std::move(work));
    life->end();
    pass_on = ended.cancelled() && scope.outer_stopping();
  }
  if (ended.has_error())
    std::rethrow_exception(ended.error());
  if (pass_on)
    co_await continue_stop{};
}

} // namespace troupe::detail
