#include <troupe/scope/assert.hpp>
#include <troupe/streams/byte_buffer.hpp>
#include <troupe/streams/reactor.hpp>
#include <troupe/streams/socket_transport.hpp>

#include <algorithm>
#include <array>
#include <mutex>
#include <poll.h>
#include <utility>

namespace troupe::detail {

namespace {

bool would_wait(const std::error_code& failed) noexcept { return failed == std::errc::operation_would_block; }

} // namespace

/// Guarded by one lock, under which fibers and who polls call the system.
class socket_transport::core final : public socket_watcher, public std::enable_shared_from_this<core> {
  /// The fibers that it wakes are scheduled once the lock is free.
  template <class Function>
  auto locked(Function function) {
    wakeups woken;
    const std::lock_guard held{lock_};
    return function(woken);
  }

public:
  core(executor& on, connection_made& made, counted_connection& counted)
      : high_water_(made.high_water), is_connecting_(made.how == connection_made::progress::under_way),
        told_by_(reactor::of(on)), socket_(std::move(made.socket)) {
    TROUPE_ASSERT(high_water_ != 0, "a socket needs a high-water mark beyond 0");
    told_by_.add(socket_.descriptor(), *this);
    counted_ = std::move(counted); // once nothing is thrown any more
  }
  core(const core&) = delete;
  core& operator=(const core&) = delete;

  moved read(std::span<std::byte> to) {
    return locked([&](wakeups& woken) -> moved {
      if (is_closed_)
        return {0, moved::state::closed};
      if (is_refused_)
        return {0, moved::state::ended};
      if (!may_read_ && !lost_)
        return {0, moved::state::waits};
      return receive(to, woken);
    });
  }

  moved drop() {
    std::array<std::byte, 16'384> dropped;
    return locked([&](wakeups& woken) -> moved {
      if (is_closed_ || lost_ || has_ended_)
        return {0, moved::state::ended};
      return may_read_ ? receive(dropped, woken) : moved{0, moved::state::waits};
    });
  }

  enum class mark : bool { kept, passed };
  moved write(std::span<const std::byte> from, mark high_water) {
    return locked([&](wakeups& woken) -> moved {
      if (is_closed_)
        return {0, moved::state::closed};
      std::size_t accepted = 0;
      if (!lost_ && may_write_ && unsent_.empty() && !from.empty()) {
        accepted = send(from, woken);
        from = from.subspan(accepted);
      }
      if (lost_)
        return {accepted, moved::state::reset};
      const std::size_t below = high_water_ - std::min(high_water_, unsent_.size());
      if (high_water == mark::kept && accepted == 0 && below == 0)
        return {0, moved::state::waits};
      keep(high_water == mark::kept ? from.first(std::min(from.size(), below)) : from, accepted);
      return {accepted, moved::state::fine};
    });
  }

  std::size_t unsent() const noexcept {
    const std::lock_guard held{lock_};
    return unsent_.size();
  }

  void end_reading() noexcept {
    locked([&](wakeups& woken) {
      is_refused_ = true;
      waits_.wake(readiness::to_read, woken);
    });
  }

  void end_writing() noexcept {
    locked([&](wakeups&) { shut(); });
  }

  void begin_closing() noexcept {
    locked([&](wakeups& woken) {
      is_closing_ = true;
      waits_.wake(readiness::to_read, woken);
      waits_.wake(readiness::to_write, woken);
      shut();
    });
  }

  void close(bool resets) noexcept {
    counted_connection uncounted; // without our lock: it takes another one, and wakes who waits there
    locked([&](wakeups& woken) {
      if (is_closed_)
        return;
      is_closed_ = true;
      told_by_.remove(socket_.descriptor(), this->shared_from_this());
      socket_.close(resets || !unsent_.empty());
      unsent_ = {};
      uncounted = std::move(counted_);
      waits_.wake_all(woken);
    });
  }

  std::string why_reset() const {
    const std::lock_guard held{lock_};
    return lost_.message();
  }
  std::error_code lost() const {
    const std::lock_guard held{lock_};
    return lost_;
  }

  void enter(transport_wait& wait, const waitable& on) noexcept {
    locked([&](wakeups&) {
      if (is_ready(wait.what()))
        return;
      waits_.put(wait, on);
    });
  }
  void leave(transport_wait& wait) noexcept {
    locked([&](wakeups&) { waits_.remove(wait); });
  }

private:
  void on_change(std::uint8_t events, wakeups& woken) noexcept override {
    const std::lock_guard held{lock_};
    if (is_closed_)
      return;
    may_read_ = may_read_ || has(events, socket_event::readable);
    may_write_ = may_write_ || has(events, socket_event::writable);
    may_hide_ = may_hide_ || has(events, socket_event::hidden);
    if (is_connecting_)
      return look_whether_connected(woken);
    if (may_read_) {
      waits_.wake(readiness::to_read, woken);
      waits_.wake(readiness::to_drop, woken);
    }
    if (may_write_ && !unsent_.empty())
      send_unsent(woken);
  }

  /// Whether a wait is over before it begins.
  bool is_ready(readiness what) const noexcept {
    if (is_closed_ || lost_)
      return true;
    switch (what) {
    case readiness::to_read:
      return is_closing_ || is_refused_ || may_read_;
    case readiness::to_write:
      return is_closing_ || (!is_connecting_ && unsent_.size() < high_water_);
    case readiness::flushed:
      return unsent_.empty();
    case readiness::to_drop:
      return may_read_;
    }
    return true;
  }

  moved receive(std::span<std::byte> to, wakeups& woken) {
    std::error_code failed;
    const std::size_t came = socket_.receive(to, failed);
    // Fewer than it had room for: that was all. What comes from now on is told, but an end may have come before, and
    // a read stops before an urgent byte, whatever is behind it.
    may_read_ = !would_wait(failed) && (came == to.size() || may_hide_);
    if (came != 0)
      return {came, moved::state::fine};
    if (failed && !would_wait(failed))
      lose(failed, woken);
    // The system tells of a reset once, to whoever comes first: after that its reader sees an end.
    if (lost_)
      return {0, moved::state::reset};
    has_ended_ = !failed;
    return {0, failed ? moved::state::waits : moved::state::ended};
  }

  void keep(std::span<const std::byte> more, std::size_t& accepted) {
    if (more.empty())
      return;
    try {
      unsent_.add(more);
      accepted += more.size();
    } catch (...) {
      if (accepted == 0) // else the system has some of it, and its writer must know
        throw;
    }
  }

  /// What the system takes.
  std::size_t send(std::span<const std::byte> from, wakeups& woken) noexcept {
    std::error_code failed;
    const std::size_t went = socket_.send(from, failed);
    may_write_ = went == from.size();
    if (failed && !would_wait(failed))
      lose(failed, woken);
    return went;
  }

  void send_unsent(wakeups& woken) noexcept {
    unsent_.drop(send(unsent_.bytes(), woken));
    if (lost_)
      return;
    if (unsent_.size() < high_water_)
      waits_.wake(readiness::to_write, woken);
    if (!unsent_.empty())
      return;
    unsent_ = {}; // it may have become large
    waits_.wake(readiness::flushed, woken);
    if (is_shut_)
      socket_.end_sending();
  }

  void shut() noexcept {
    if (!std::exchange(is_shut_, true) && !is_closed_ && unsent_.empty())
      socket_.end_sending();
  }

  void lose(const std::error_code& why, wakeups& woken) noexcept {
    if (!lost_)
      lost_ = why;
    waits_.wake_all(woken);
  }

  void look_whether_connected(wakeups& woken) noexcept {
    pollfd now{socket_.descriptor(), POLLOUT, 0};
    if (::poll(&now, 1, 0) == 0) // a false alarm
      return;
    int failed = 0;
    socklen_t bytes = sizeof failed;
    ::getsockopt(socket_.descriptor(), SOL_SOCKET, SO_ERROR, &failed, &bytes);
    is_connecting_ = false;
    if (failed != 0)
      lose({failed, std::system_category()}, woken);
    else
      waits_.wake(readiness::to_write, woken);
  }

  const std::size_t high_water_;
  mutable std::mutex lock_; // guards the rest
  bool is_connecting_;
  bool is_refused_ = false; // nothing more is to be read
  bool has_ended_ = false;  // nor comes
  bool is_shut_ = false;    // or to be written
  bool is_closing_ = false;
  bool is_closed_ = false;
  bool may_read_ = true; // as far as is known
  bool may_write_ = true;
  bool may_hide_ = false; // a short read may not be all
  std::error_code lost_;  // why the connection is gone
  byte_buffer unsent_;
  transport_waits waits_;
  counted_connection counted_;
  reactor& told_by_;
  system_socket socket_;
};

socket_transport::socket_transport(executor& on, connection_made made, counted_connection counted)
    : number_(on.next_number()), was_accepted_(made.was_accepted), peer_(made.peer),
      core_(std::make_shared<core>(on, made, counted)) {}

socket_transport::~socket_transport() { core_->close(true); }

std::error_code socket_transport::connect_failure() const { return core_->lost(); }

moved socket_transport::read_now(std::span<std::byte> to) { return core_->read(to); }
moved socket_transport::drop_now() { return core_->drop(); }
moved socket_transport::write_now(std::span<const std::byte> from) { return core_->write(from, core::mark::kept); }
moved socket_transport::push_now(std::span<const std::byte> from) { return core_->write(from, core::mark::passed); }
std::size_t socket_transport::unsent() const noexcept { return core_->unsent(); }
void socket_transport::end_reading() noexcept { core_->end_reading(); }
void socket_transport::end_writing() noexcept { core_->end_writing(); }
void socket_transport::begin_closing() noexcept { core_->begin_closing(); }
void socket_transport::close(bool resets) noexcept { core_->close(resets); }
std::string socket_transport::why_reset() const { return core_->why_reset(); }
void socket_transport::enter(transport_wait& wait) { core_->enter(wait, *this); }
void socket_transport::leave(transport_wait& wait) noexcept { core_->leave(wait); }

std::string socket_transport::describe() const {
  return "socket #" + std::to_string(number_) + (was_accepted_ ? " from " : " to ") + peer_.text();
}

} // namespace troupe::detail
