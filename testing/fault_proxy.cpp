#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/serving.hpp>
#include <troupe/testing/fault_proxy.hpp>
#include <troupe/testing/proxy_state.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

namespace troupe {

namespace {

using detail::proxy_state;

constexpr std::size_t pieces_max = 64; // on their way in one direction
constexpr std::size_t piece_bytes_max = 16'384;
constexpr duration close_limit = std::chrono::seconds{1};
constexpr std::uint64_t parts_per_second = 100; // of a rate

struct piece {
  piece(instant when, std::string what) noexcept : due(when), bytes(std::move(what)) {}

  instant due;
  std::string bytes;
};

bool is_reached(const std::optional<std::uint64_t>& place, std::uint64_t by) noexcept { return place && by >= *place; }
std::uint64_t bytes_until(const std::optional<std::uint64_t>& place, std::uint64_t from) noexcept {
  return place ? *place - from : piece_bytes_max;
}

/// One direction of a connection.
class proxy_way {
public:
  proxy_way(proxy_state& by, proxy_state::connection& over, proxy_direction which) noexcept
      : by_(by), over_(over), which_(which), from_(which == proxy_direction::to_target ? over.client : over.target),
        to_(which == proxy_direction::to_target ? over.target : over.client) {}

  /// Reads until the end, and sends it on its way.
  task<> takes(sender<piece> out) {
    for (;;) {
      const proxy_faults now = co_await when_not([this](const proxy_faults& given) { return stalls(given); });
      std::string bytes(std::min<std::uint64_t>(piece_bytes_max, bytes_until(now.stalls_at, taken_)), '\0');
      const std::size_t came = co_await from_.read_some(std::as_writable_bytes(std::span{bytes}));
      if (came == 0)
        break;
      bytes.resize(came);
      // They may have changed meanwhile.
      const proxy_faults then = co_await when_not([this](const proxy_faults& given) { return stalls(given); });
      taken_ += came;
      if (then.drops)
        continue;
      const instant due = saturated(this_fiber::pointer()->runs_on().time().now(), then.delay);
      const send_status sent = co_await out.send(due, std::move(bytes));
      if (sent != send_status::accepted)
        co_return; // nobody passes it on: the connection is reset
    }
    co_await when_not([](const proxy_faults& given) { return given.drops; }); // then the end comes after all
    has_come_to_end_ = true;
  }

  /// Passes it on when its time has come, and the end behind it.
  task<> passes(receiver<piece> in) {
    co_await pass({});
    while (auto next = co_await in.receive()) {
      co_await sleep_until(next->due);
      co_await pass(next->bytes);
    }
    if (has_come_to_end_) // and was not cut off by a reset, which the other side must not take for an end
      end();
  }

private:
  bool stalls(const proxy_faults& given) const noexcept { return is_reached(given.stalls_at, taken_); }
  /// The faults, once they do not hold it up any more.
  template <class HoldsUp>
  task<proxy_faults> when_not(HoldsUp holds_up) {
    for (;;) {
      auto now = by_.faults_until_changed(which_);
      if (!holds_up(now.first))
        co_return now.first;
      const auto none = co_await now.second.receive();
      static_cast<void>(none);
    }
  }

  task<> pass(std::string_view bytes) {
    for (;;) {
      const proxy_faults now = by_.faults(which_);
      if (is_reached(now.resets_at, passed_)) {
        co_await to_.wait_writable(); // what was passed on has been sent
        co_return over_.reset();
      }
      if (is_reached(now.ends_at, passed_))
        end();
      if (bytes.empty() || has_ended_)
        co_return;
      std::uint64_t most = std::min({std::uint64_t{now.at_once_max}, bytes_until(now.ends_at, passed_),
                                     bytes_until(now.resets_at, passed_), std::uint64_t{bytes.size()}});
      if (now.bytes_per_second != 0)
        most = std::min(most, std::max<std::uint64_t>(1, now.bytes_per_second / parts_per_second));
      co_await to_.write(bytes.substr(0, most));
      passed_ += most;
      by_.note_passed(which_, most);
      bytes.remove_prefix(most);
      if (now.bytes_per_second != 0)
        co_await sleep_for(std::chrono::duration<double>(double(most) / double(now.bytes_per_second)));
    }
  }

  void end() {
    if (!std::exchange(has_ended_, true))
      to_.shutdown_write();
  }

  proxy_state& by_;
  proxy_state::connection& over_;
  const proxy_direction which_;
  byte_stream& from_;
  byte_stream& to_;
  std::uint64_t taken_ = 0;      // of its reader, as the next
  bool has_come_to_end_ = false; // written before the reader's half of the mailbox goes
  std::uint64_t passed_ = 0;     // of its writer, as the next
  bool has_ended_ = false;
};

/// Where one side is gone, so is the other one.
task<> resets_at_error(task<> half_of_a_way, proxy_state::connection& over) {
  try {
    co_await std::move(half_of_a_way);
  } catch (const stream_error&) {
    over.reset();
  }
}

void start_way(task_group& group, proxy_way& way, proxy_state::connection& over) {
  const mailbox<piece> between{capacity{pieces_max}};
  group.start({.name = "takes"}, resets_at_error, way.takes(between.sender()), std::ref(over));
  group.start({.name = "passes"}, resets_at_error, way.passes(between.receiver()), std::ref(over));
}

task<> passes_on(proxy_state& by, byte_stream client) {
  std::optional<byte_stream> target;
  try {
    target.emplace(co_await connect_tcp(by.target_host, by.target_port, {proxy_state::high_water}));
  } catch (const connect_error&) {
    by.note_unreachable();
    co_return; // its client sees a reset
  }
  proxy_state::connection over{by, std::move(client), std::move(*target)};
  proxy_way there{by, over, proxy_direction::to_target};
  proxy_way back{by, over, proxy_direction::to_client};
  co_await in_task_group([&](task_group& group) {
    start_way(group, there, over);
    start_way(group, back, over);
  });
  co_await over.client.close(close_limit);
  co_await over.target.close(close_limit);
}

} // namespace

fault_proxy::fault_proxy(std::string host, std::uint16_t port, const proxy_options& options)
    : state_(std::make_unique<proxy_state>(std::move(host), port, options)) {}

fault_proxy::~fault_proxy() = default;

task<> fault_proxy::run() {
  const detail::closes_at_the_end after{state_->at};
  co_await in_task_group([&](task_group& connections) -> task<> {
    for (;;) {
      byte_stream client = co_await state_->at.accept();
      connections.start({.name = "connection"}, passes_on, std::ref(*state_), std::move(client));
    }
  });
}

std::uint16_t fault_proxy::port() const noexcept { return state_->at.port(); }
void fault_proxy::set(proxy_direction which, const proxy_faults& faults) { state_->set(which, faults); }
void fault_proxy::reset_connections() { state_->reset_connections(); }
proxy_statistics fault_proxy::statistics() const { return state_->statistics(); }

} // namespace troupe
