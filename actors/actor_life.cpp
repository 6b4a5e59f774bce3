#include <troupe/actors/actor_life.hpp>
#include <troupe/mailbox/mailbox_hold.hpp>
#include <troupe/scope/observed_scope.hpp>
#include <troupe/scope/station.hpp>

#include <algorithm>
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
  wakeups woken;
  const std::lock_guard held{lock_};
  scope_ = &scope;
  if (stopped_)
    scope.cancel();
  down_ = false;
  if (++incarnation_ > 1) // the first one is no news
    wake_watching(woken);
}

void actor_life::end(const outcome<>& how) noexcept {
  outcome<> last; // goes after the lock
  const std::lock_guard held{lock_};
  scope_ = nullptr;
  last = std::exchange(ended_, how);
}

void actor_life::tell_down() noexcept {
  life_watcher* told = nullptr;
  outcome<> how;
  {
    wakeups woken;
    const std::lock_guard held{lock_};
    if (std::exchange(down_, true))
      return;
    wake_watching(woken);
    told = std::exchange(watchers_, nullptr);
    if (told != nullptr)
      how = ended_;
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
  if (down_)
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

void actor_life::tell_abandoned() noexcept {
  end(cancel_cause{cancel_reason::shutdown});
  tell_down();
}

actor_life::seen actor_life::seen_now() noexcept {
  const std::lock_guard held{lock_};
  // One that is down is news to who begins to watch, and its first run is none.
  return {std::max<std::uint64_t>(incarnation_, 1), false};
}

void actor_life::wake_watching(wakeups& woken) noexcept {
  while (wait_node* const first = watching_.pop())
    static_cast<void>(first->waiting->grant(woken)); // false: stopped, and it will look again, or never
}

void actor_life::revive() noexcept {
  const std::lock_guard held{lock_};
  stopped_ = false;
}

task<> live(living life, mailbox_hold reads, task<> work) {
  fiber& self = co_await current_fiber{};
  outcome<> ended;
  bool pass_on = false;
  {
    observed_scope scope{self, cancel_scope::shielding::none, reads};
    life->begin(scope);
    ended = co_await catch_stop(std::move(work));
    life->end(ended);
    pass_on = ended.cancelled() && scope.outer_stopping();
  }
  if (ended.has_error())
    std::rethrow_exception(ended.error());
  if (pass_on)
    co_await continue_stop{};
}

} // namespace troupe::detail
