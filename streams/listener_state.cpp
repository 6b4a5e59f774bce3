#include <troupe/scope/assert.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/station.hpp>
#include <troupe/streams/listener_state.hpp>

#include <cerrno>
#include <chrono>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace troupe::detail {

namespace {

constexpr duration pause_when_short = std::chrono::milliseconds{100};
constexpr int skipped_in_a_row_max = 16;

network_address bound_address(const system_socket& of) noexcept {
  sockaddr_storage any{};
  socklen_t bytes = sizeof any;
  ::getsockname(of.descriptor(), reinterpret_cast<sockaddr*>(&any), &bytes);
  return {reinterpret_cast<const sockaddr&>(any), bytes};
}

bool is_shortage(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/// It concerns a connection that was to be accepted, and is gone: see accept(2).
bool is_of_connection(int error) noexcept {
  switch (error) {
  case ECONNABORTED:
  case EINTR:
  case EPERM: // a firewall
  case EPROTO:
  case ENOPROTOOPT:
  case ENETDOWN:
  case ENETUNREACH:
  case EHOSTDOWN:
  case EHOSTUNREACH:
  case ENONET:
  case EOPNOTSUPP:
    return true;
  default:
    return false;
  }
}

} // namespace

/// Waits until a connection may have come, and there is room for it.
class listener_state::accept_wait {
public:
  explicit accept_wait(listener_state& of) noexcept : of_(of) {}
  accept_wait(const accept_wait&) = delete;
  accept_wait& operator=(const accept_wait&) = delete;
  ~accept_wait() {
    if (is_open)
      of_.leave();
  }

  void attach(fiber& by) noexcept { self = &by; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) {
    if (self->stop_pending())
      self->stop();
    else
      of_.enter(*this);
  }
  void await_resume() noexcept { is_open = false; }

  fiber* self = nullptr;
  bool is_open = false;

private:
  listener_state& of_;
};

listener_state::listener_state(executor& on, system_socket listens, const listen_options& options)
    : options_(options), number_(on.next_number()), bound_to_(bound_address(listens)), told_by_(reactor::of(on)),
      socket_(std::move(listens)) {
  TROUPE_ASSERT(options.connections_max != 0 && options.backlog > 0 && options.socket.high_water != 0,
                "a listener needs a connections_max, a backlog and a high-water mark beyond 0");
  told_by_.add(socket_.descriptor(), *this);
}

void listener_state::owns_file() noexcept {
  struct stat now {};
  owns_file_ = ::lstat(bound_to_.host().c_str(), &now) == 0;
  file_device_ = now.st_dev;
  file_number_ = now.st_ino;
}

task<byte_stream> listener_state::accept() {
  co_await checkpoint();
  const busy_mark mine{accepts_, "accepting from", "listener"};
  fiber& self = co_await current_fiber{};
  for (;;) {
    accepted come = accept_now();
    if (come.how == accepted::state::made) {
      std::unique_ptr<transport> over = made_from(self.runs_on(), come);
      if (over != nullptr)
        co_return byte_stream{std::move(over)};
      come.how = accepted::state::short_of;
    }
    if (come.shortage && options_.on_shortage)
      options_.on_shortage(come.shortage);
    if (come.how == accepted::state::waits)
      co_await accept_wait{*this};
    else
      co_await sleep_for(pause_when_short);
  }
}

listener_state::accepted listener_state::accept_now() {
  const std::lock_guard held{lock_};
  if (is_closed_)
    throw stream_closed("the listener was closed");
  accepted come;
  for (int skipped = 0; statistics_.open < options_.connections_max;) {
    sockaddr_storage from{};
    socklen_t bytes = sizeof from;
    const int made =
        ::accept4(socket_.descriptor(), reinterpret_cast<sockaddr*>(&from), &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (made >= 0) {
      come.socket = system_socket{made, from.ss_family};
      come.peer = network_address{reinterpret_cast<const sockaddr&>(from), bytes};
      come.how = accepted::state::made;
      ++statistics_.open;
      break;
    }
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) {
      may_accept_ = false;
      break;
    }
    if (is_shortage(error))
      note_shortage(come, {error, std::system_category()});
    else if (!is_of_connection(error))
      throw listen_error("accept", bound_to_.text(), std::system_category().message(error));
    else if (++skipped < skipped_in_a_row_max)
      continue;
    come.how = accepted::state::short_of;
    break;
  }
  return come;
}

/// Under the lock.
void listener_state::note_shortage(accepted& come, const std::error_code& why) noexcept {
  come.shortage = why;
  ++statistics_.shortages;
}

std::unique_ptr<transport> listener_state::made_from(executor& on, accepted& come) {
  counted_connection counted{shared_from_this()};
  send_at_once(come.socket);
  if (come.peer.host().empty()) // of Unix sockets that connect nobody knows from where
    come.peer = bound_to_;
  try {
    auto over =
        std::make_unique<socket_transport>(on,
                                           connection_made{std::move(come.socket), come.peer, true,
                                                           connection_made::progress::done, options_.socket.high_water},
                                           std::move(counted));
    const std::lock_guard held{lock_};
    ++statistics_.accepted;
    return over;
  } catch (const std::system_error& failed) { // the reactor cannot watch it
    const std::lock_guard held{lock_};
    note_shortage(come, failed.code());
    return nullptr;
  }
}

void listener_state::enter(accept_wait& wait) noexcept {
  const std::lock_guard held{lock_};
  if (is_closed_ || (may_accept_ && statistics_.open < options_.connections_max))
    return;
  if (!wait.self->open_wait(fiber::wait_kind::daemon, "accept", this))
    return wait.self->stop();
  wait.self->park();
  wait.is_open = true;
  waiting_ = wait.self;
}

void listener_state::leave() noexcept {
  const std::lock_guard held{lock_};
  waiting_ = nullptr;
}

void listener_state::on_change(std::uint8_t, wakeups& woken) noexcept {
  const std::lock_guard held{lock_};
  may_accept_ = true;
  if (statistics_.open >= options_.connections_max)
    return; // until one is closed
  if (fiber* const waiting = std::exchange(waiting_, nullptr); waiting != nullptr)
    static_cast<void>(waiting->grant(woken)); // false: stopped, and it leaves
}

void listener_state::connection_closed() noexcept {
  wakeups woken; // flushed after the lock is free, as below
  const std::lock_guard held{lock_};
  if (--statistics_.open + 1 != options_.connections_max || !may_accept_)
    return;
  if (fiber* const waiting = std::exchange(waiting_, nullptr); waiting != nullptr)
    static_cast<void>(waiting->grant(woken));
}

void listener_state::close() noexcept {
  wakeups woken;
  const std::lock_guard held{lock_};
  if (std::exchange(is_closed_, true))
    return;
  struct stat now {};
  // Another listener may have come to this path since.
  const std::string path = owns_file_ ? bound_to_.host() : std::string{};
  if (owns_file_ && ::lstat(path.c_str(), &now) == 0 && now.st_dev == file_device_ && now.st_ino == file_number_)
    ::unlink(path.c_str());
  told_by_.remove(socket_.descriptor(), shared_from_this());
  socket_.close(false);
  if (fiber* const waiting = std::exchange(waiting_, nullptr); waiting != nullptr)
    static_cast<void>(waiting->grant(woken));
}

bool listener_state::is_open() const noexcept {
  const std::lock_guard held{lock_};
  return !is_closed_;
}

listener_statistics listener_state::statistics() const noexcept {
  const std::lock_guard held{lock_};
  return statistics_;
}

std::string listener_state::describe() const {
  return "listener #" + std::to_string(number_) + " on " + bound_to_.text() + " (" + std::to_string(statistics().open) +
         " of " + std::to_string(options_.connections_max) + " open)";
}

} // namespace troupe::detail
