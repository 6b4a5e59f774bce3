#include <troupe/scope/assert.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/streams/reactor.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace troupe::detail {

namespace {

constexpr int events_at_once = 64;

system_descriptor made(int descriptor) {
  if (descriptor < 0)
    throw std::system_error(last_error(), "cannot make what sockets are waited for with");
  return system_descriptor{descriptor};
}

/// How many events came; none as well where it was interrupted.
int wait_for_events(int epoll, std::array<epoll_event, events_at_once>& come, duration at_most) noexcept {
  using namespace std::chrono;
  if (at_most == duration::zero() || at_most == duration::max())
    return ::epoll_wait(epoll, come.data(), events_at_once, at_most == duration::zero() ? 0 : -1);
  const auto whole = duration_cast<seconds>(at_most);
  const timespec limit{whole.count(), static_cast<long>(nanoseconds{at_most - whole}.count())};
  const int count = ::epoll_pwait2(epoll, come.data(), events_at_once, &limit, nullptr);
  if (count >= 0 || errno == EINTR)
    return count;
  // A kernel before 5.11, or one that is told to refuse it: whole milliseconds.
  return ::epoll_wait(epoll, come.data(), events_at_once, static_cast<int>(ceil<milliseconds>(at_most).count()));
}

std::uint8_t changes(std::uint32_t events) noexcept {
  const auto if_any = [events](std::uint32_t of, socket_event what) {
    return (events & of) != 0 ? static_cast<std::uint8_t>(what) : std::uint8_t{0};
  };
  constexpr std::uint32_t over = EPOLLHUP | EPOLLERR;
  return if_any(EPOLLIN | EPOLLRDHUP | EPOLLPRI | over, socket_event::readable) |
         if_any(EPOLLOUT | over, socket_event::writable) | if_any(EPOLLRDHUP | EPOLLPRI | over, socket_event::hidden);
}

} // namespace

reactor& reactor::of(executor& on) {
  TROUPE_ASSERT(on.polls() != nullptr, "a simulated run has no sockets: use pipe_pair()");
  return on.service<reactor>();
}

reactor::reactor(executor& on)
    : asks_(*on.polls()), epoll_(made(::epoll_create1(EPOLL_CLOEXEC))),
      interrupts_(made(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  epoll_event each{};
  each.events = EPOLLIN | EPOLLET; // each write is told, and need not be read
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, interrupts_.get(), &each) != 0)
    throw std::system_error(last_error(), "cannot make what sockets are waited for with");
  asks_.start(*this);
}

// By now all roots of the executor have ended, so nobody waits for a socket: a wait leaves its transport, under the lock
// of that, before its frame goes. What is still told wakes nobody. The thread of `polling` may be on its way out of having
// woken the last fiber, though, inside `executor::schedule`: that is why executors end their services before they take
// anything else apart.
reactor::~reactor() {
  TROUPE_ASSERT(open_ == 0, "an executor went away with open sockets: its streams and listeners must go before it");
  asks_.stop();
  forget_removed();
}

void reactor::add(int descriptor, socket_watcher& told) {
  epoll_event all{};
  all.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
  all.data.ptr = &told;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &all) != 0)
    throw std::system_error(last_error(), "cannot wait for a socket");
  open_.fetch_add(1, std::memory_order_relaxed); // relaxed: the roots' ends order it
}

void reactor::remove(int descriptor, std::shared_ptr<socket_watcher> told) noexcept {
  epoll_event unused{};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, &unused);
  open_.fetch_sub(1, std::memory_order_relaxed);
  // Who polls now may have heard of it before; who polls next has not.
  const std::lock_guard held{lock_};
  told->next_removed_ = std::exchange(removed_, told);
  has_removed_.store(true, std::memory_order_relaxed); // relaxed: else the next poll but one sees it
}

void reactor::forget_removed() noexcept {
  if (!has_removed_.load(std::memory_order_relaxed))
    return;
  std::shared_ptr<socket_watcher> each;
  {
    const std::lock_guard held{lock_};
    has_removed_.store(false, std::memory_order_relaxed);
    each.swap(removed_);
  }
  while (each != nullptr) // one after the other, and not one inside of the other
    each = std::exchange(each->next_removed_, nullptr);
}

void reactor::poll(duration at_most) noexcept {
  forget_removed();
  std::array<epoll_event, events_at_once> come;
  const int count = wait_for_events(epoll_.get(), come, at_most);
  wakeups woken;
  for (int i = 0; i < count; ++i)
    if (auto* const told = static_cast<socket_watcher*>(come[static_cast<std::size_t>(i)].data.ptr); told != nullptr)
      told->on_change(changes(come[static_cast<std::size_t>(i)].events), woken);
}

void reactor::interrupt() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(::write(interrupts_.get(), &one, sizeof one)); // full: then it is about to end anyway
}

} // namespace troupe::detail
