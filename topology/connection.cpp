#include <troupe/topology/connection.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/pipe_pair.hpp>
#include <troupe/streams/socket.hpp>
#include <troupe/topology/node.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <utility>

namespace troupe::topology {

namespace {

/// Ends of connections on their way from who connects to who serves, by the number that is in the ask.
class exchange {
public:
  std::uint64_t add(byte_stream end) {
    const std::lock_guard held{mutex_};
    ends_.emplace(++last_, std::move(end));
    return last_;
  }
  std::optional<byte_stream> take(std::uint64_t number) {
    const std::lock_guard held{mutex_};
    const auto found = ends_.find(number);
    if (found == ends_.end())
      return std::nullopt;
    std::optional<byte_stream> taken{std::move(found->second)};
    ends_.erase(found);
    return taken;
  }

private:
  std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, byte_stream> ends_;
};
/// One of all nodes.
std::shared_ptr<exchange> exchange_of(node& here) { return here.shared<exchange>("connection/exchange"); }

/// Over all runs of a node.
struct connections_made {
  std::atomic<std::uint64_t> all{0};
};

struct connection_plan {
  std::size_t whom;
  bool is_tcp;
  std::optional<std::size_t> resets_at;
};
connection_plan next_connection(node& here) {
  const std::uint64_t nth = here.kept<connections_made>()->all++;
  // A simulated run has no sockets.
  const bool is_tcp = here.text("over") == "tcp" && this_fiber::pointer()->runs_on().polls() != nullptr;
  connection_plan made{static_cast<std::size_t>(nth % here.asks()), is_tcp, {}};
  const std::uint64_t every = here.count("reset_every");
  if (every != 0 && (nth + 1) % every == 0)
    made.resets_at = static_cast<std::size_t>(here.count("reset_after"));
  return made;
}

stream_pair pipe_that_resets(std::optional<std::size_t> at) {
  pipe_options options;
  options.first_to_second.resets_at = at;
  return pipe_pair(options);
}
task<stream_pair> tcp_pair() {
  listener at = listen_tcp("127.0.0.1", 0, {.connections_max = 1, .backlog = 1});
  byte_stream first = co_await connect_tcp("127.0.0.1", at.port());
  byte_stream second = co_await at.accept();
  co_return stream_pair{std::move(first), std::move(second)};
}

task<> use_end(byte_stream over, std::function<task<>(byte_stream&)> use, std::exception_ptr& failed) {
  const outcome<> ended = co_await as_outcome(use(over));
  if (ended.has_error())
    failed = ended.error(); // and the connection is reset, as its end goes
  else
    co_await over.close();
}

/// Makes one connection of two.
task<> join_ends(byte_stream near, byte_stream far) {
  const std::function<void(std::size_t)> uncounted = [](std::size_t) {};
  const outcome<> ended = co_await as_outcome(pass_both_ways(near, far, uncounted));
  if (ended.has_error())
    co_return; // both are reset, which is what both sides are told
  co_await near.close();
  co_await far.close();
}

task<> pass_bytes(byte_stream& from, byte_stream& to, const std::function<void(std::size_t)>& count) {
  std::array<std::byte, 4'096> some{};
  for (;;) {
    const std::size_t many = co_await from.read_some(some);
    if (many == 0)
      break;
    co_await to.write(std::span<const std::byte>{some}.first(many));
    count(many);
  }
  to.shutdown_write();
}
task<> pass_or_reset(byte_stream& from, byte_stream& to, const std::function<void(std::size_t)>& count,
                     std::atomic<bool>& lost) {
  const outcome<> ended = co_await as_outcome(pass_bytes(from, to, count));
  if (!ended.has_error())
    co_return;
  lost = true;
  from.abort();
  to.abort();
}

} // namespace

std::vector<parameter> connection_parameters() {
  return {
      {.name = "over",
       .type = parameter_type::choice,
       .fallback = std::string("pipe"),
       .what =
           "Whether a connection is a pipe in memory, or one of TCP on this machine: a pipe, too, in the simulator.",
       .choices = {"pipe", "tcp"}},
      {.name = "reset_every", .fallback = std::uint64_t{0}, .what = "Each so many-th connection is reset; 0: none."},
      {.name = "reset_after",
       .type = parameter_type::bytes,
       .fallback = std::uint64_t{256},
       .what = "After how many bytes from its side it is reset."}};
}

task<> connect(node& here, item what, std::function<task<>(byte_stream&)> use) {
  const connection_plan plan = next_connection(here);
  stream_pair ends = pipe_that_resets(plan.resets_at);
  std::optional<stream_pair> line;
  if (plan.is_tcp)
    line = co_await tcp_pair();
  struct on_its_way {
    std::shared_ptr<exchange> in;
    std::uint64_t number;
    ~on_its_way() { static_cast<void>(in->take(number)); }
  };
  const std::shared_ptr<exchange> in = exchange_of(here);
  const on_its_way left{in, in->add(std::move(line ? line->second : ends.second))};
  what.value = left.number;
  std::exception_ptr failed, refused;
  co_await in_task_group([&](task_group& group) -> task<> {
    const child<> used = group.start(use_end, std::move(ends.first), std::move(use), std::ref(failed));
    if (line)
      group.start(join_ends, std::move(ends.second), std::move(line->first));
    outcome<std::optional<item>> answered = co_await as_outcome(here.ask(plan.whom, what));
    if (answered.has_error())
      refused = answered.error();
    else if (!answered.value())
      refused = std::make_exception_ptr(std::runtime_error("the connection was given up"));
    if (refused) // nobody may have the other end
      used.cancel();
  });
  if (refused || failed)
    std::rethrow_exception(refused ? refused : failed);
}

std::optional<byte_stream> take_connection(node& here, const item& what) { return exchange_of(here)->take(what.value); }

task<> pass_both_ways(byte_stream& near, byte_stream& far, const std::function<void(std::size_t)>& count) {
  std::atomic<bool> lost{false};
  co_await in_task_group([&](task_group& group) {
    group.start(pass_or_reset, std::ref(near), std::ref(far), std::cref(count), std::ref(lost));
    group.start(pass_or_reset, std::ref(far), std::ref(near), std::cref(count), std::ref(lost));
  });
  if (lost)
    throw peer_reset();
}

} // namespace troupe::topology
