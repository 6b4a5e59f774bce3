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
  over_ = false;
}

void actor_life::over(const outcome<>& how) noexcept {
  life_watcher* told = nullptr;
  {
    const std::lock_guard held{lock_};
    over_ = true;
    told = std::exchange(watchers_, nullptr);
  }
  while (told != nullptr) {
    life_watcher* const next = std::exchange(told->next_, nullptr); // nobody else looks at what is in no list
    told->life_is_over(how);
    told->drop();
    told = next;
  }
}

bool actor_life::watch(life_watcher& watcher) noexcept {
  const std::lock_guard held{lock_};
  if (over_)
    return false;
  watcher.keep();
  watcher.next_ = std::exchange(watchers_, &watcher);
  return true;
}

void actor_life::unwatch(life_watcher& watcher) noexcept {
  {
    const std::lock_guard held{lock_};
    life_watcher** at = &watchers_;
    while (*at != nullptr && *at != &watcher)
      at = &(*at)->next_;
    if (*at == nullptr)
      return;
    *at = std::exchange(watcher.next_, nullptr);
  }
  watcher.drop();
}

only_life::~only_life() {
  if (life_)
    life_->over(outcome<>{cancel_cause{cancel_reason::scope_closed}});
}

task<> live(only_life life, task<> work) {
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
  life->over(ended);
  if (ended.has_error())
    std::rethrow_exception(ended.error());
  if (pass_on)
    co_await continue_stop{};
}

} // namespace troupe::detail
