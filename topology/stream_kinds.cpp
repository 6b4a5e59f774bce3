#include <troupe/topology/stream_kinds.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/pipe_pair.hpp>
#include <troupe/topology/node.hpp>

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <span>
#include <stdexcept>

namespace troupe::topology {

namespace {

constexpr std::size_t line_bytes_max = 4'096;

/// Ends of pipes on their way from who connects to who serves, by the number that is in the ask.
class exchange {
public:
  std::uint64_t add(byte_stream end) {
    const std::lock_guard held{mutex_};
    ends_.emplace(++last_, std::move(end));
    return last_;
  }
  /// Empty: who connected has given up.
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
std::shared_ptr<exchange> exchange_of(node& here) { return here.shared<exchange>("stream_kinds/exchange"); }

/// What goes wrong with one connection is counted, and harms no other.
void count_end(node& here, const outcome<>& ended) {
  if (!ended.has_error())
    return here.add("served");
  try {
    std::rethrow_exception(ended.error());
  } catch (const stream_error&) {
    here.add("resets");
  } catch (...) { // a fault, or an ask that failed
    here.add("failed");
  }
}

// ---- to connect ------------------------------------------------------------------------------------------------------

using use_function = std::function<task<>(byte_stream&)>;

task<> use_end(byte_stream over, use_function use, std::exception_ptr& failed) {
  const outcome<> ended = co_await as_outcome(use(over));
  if (ended.has_error())
    failed = ended.error(); // and the connection is reset, as its end goes
  else
    co_await over.close();
}

/// Over all runs of a node.
struct connections_made {
  std::atomic<std::uint64_t> all{0};
};

struct connection_plan {
  std::size_t whom;
  pipe_options pipes;
};
connection_plan next_connection(node& here) {
  const std::uint64_t nth = here.kept<connections_made>()->all++;
  connection_plan made{static_cast<std::size_t>(nth % here.asks()), {}};
  const std::uint64_t every = here.count("reset_every");
  if (every != 0 && (nth + 1) % every == 0)
    made.pipes.first_to_second.resets_at = static_cast<std::size_t>(here.count("reset_after"));
  return made;
}

/// Connects to one of those that it asks, and uses this end while that one has the other.
///
/// @throws what `use` throws; as `node::ask`
task<> connect(node& here, item what, use_function use) {
  const connection_plan plan = next_connection(here);
  stream_pair ends = pipe_pair(plan.pipes);
  struct on_its_way {
    std::shared_ptr<exchange> in;
    std::uint64_t number;
    ~on_its_way() { static_cast<void>(in->take(number)); }
  };
  const std::shared_ptr<exchange> in = exchange_of(here);
  const on_its_way left{in, in->add(std::move(ends.second))};
  what.value = left.number;
  std::exception_ptr failed, refused;
  co_await in_task_group([&](task_group& group) -> task<> {
    const child<> used = group.start(use_end, std::move(ends.first), std::move(use), std::ref(failed));
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

// ---- the kinds -------------------------------------------------------------------------------------------------------

std::string line_of(const node& here, std::uint64_t connection, std::uint64_t number) {
  std::string text = here.name() + ' ' + std::to_string(connection) + ' ' + std::to_string(number);
  text.resize(static_cast<std::size_t>(here.count("line_bytes")), '.');
  return text;
}

task<> talk(node& here, std::uint64_t connection, byte_stream& over) {
  line_reader in{over, line_bytes_max};
  for (std::uint64_t i = 0; i < here.count("lines"); ++i) {
    if (here.time("pause") > duration::zero())
      co_await sleep_for(here.time("pause"));
    const std::string said = line_of(here, connection, i);
    co_await write_line(over, said);
    const std::optional<std::string> heard = co_await in.next();
    if (!heard)
      throw incomplete_read({}, said.size());
    if (*heard != said)
      here.add("wrong");
  }
  over.shutdown_write();
  const std::optional<std::string> more = co_await in.next();
  if (more)
    here.add("wrong");
}

task<> run_client(node& here) {
  const std::uint64_t items = here.count("items");
  const auto made = here.kept<connections_made>();
  while (items == 0 || made->all < items) {
    if (here.time("every") > duration::zero())
      co_await sleep_for(here.time("every"));
    const item next = here.made();
    here.fault();
    const use_function use = [&here, next](byte_stream& over) -> task<> { return talk(here, next.number, over); };
    const outcome<> ended = co_await as_outcome(connect(here, next, use));
    count_end(here, ended);
  }
}

task<> pass_bytes(node& here, byte_stream& from, byte_stream& to) {
  std::array<std::byte, line_bytes_max> some{};
  for (;;) {
    const std::size_t many = co_await from.read_some(some);
    if (many == 0)
      break;
    co_await to.write(std::span<const std::byte>{some}.first(many));
    here.add("bytes", many);
  }
  to.shutdown_write();
}
/// A connection that is lost on one side is reset on the other: nobody takes what came for the whole.
task<> pass_or_reset(node& here, byte_stream& from, byte_stream& to, std::atomic<bool>& lost) {
  const outcome<> ended = co_await as_outcome(pass_bytes(here, from, to));
  if (!ended.has_error())
    co_return;
  lost = true;
  from.abort();
  to.abort();
}
task<> pass_both_ways(node& here, byte_stream& near, byte_stream& far) {
  std::atomic<bool> lost{false};
  co_await in_task_group([&](task_group& group) {
    group.start(pass_or_reset, std::ref(here), std::ref(near), std::ref(far), std::ref(lost));
    group.start(pass_or_reset, std::ref(here), std::ref(far), std::ref(near), std::ref(lost));
  });
  if (lost)
    throw peer_reset();
}
task<> pass_on(node& here, const item& what, byte_stream& near) {
  here.fault();
  const use_function use = [&here, &near](byte_stream& far) -> task<> { return pass_both_ways(here, near, far); };
  co_await connect(here, what, use);
}

task<> answer_lines(node& here, const item& what, byte_stream& over) {
  line_reader in{over, line_bytes_max};
  while (const std::optional<std::string> heard = co_await in.next()) {
    item line = what;
    co_await here.work(line);
    co_await write_line(over, *heard);
    here.add("lines");
  }
}

/// Runs `serve` for each connection, as many at once as the node may.
task<> run_serving(node& here, task<> (*serve)(node&, const item&, byte_stream&)) {
  const std::shared_ptr<exchange> from = exchange_of(here);
  co_await here.each([&](item& what) -> task<> {
    std::optional<byte_stream> over = from->take(what.value);
    if (!over)
      co_return;
    const outcome<> ended = co_await as_outcome(serve(here, what, *over));
    count_end(here, ended);
    if (!ended.has_error())
      co_await over->close(); // else it is reset, as it goes
  });
}
task<> run_proxy(node& here) { return run_serving(here, pass_on); }
task<> run_server(node& here) { return run_serving(here, answer_lines); }

} // namespace

void add_stream_kinds(kinds& to) {
  const auto count = [](const char* name, std::uint64_t fallback, const char* what, double least = 0,
                        double most = 1e15) {
    return parameter{.name = name, .fallback = fallback, .what = what, .least = least, .most = most};
  };
  const auto time = [](const char* name, const char* what) {
    return parameter{.name = name, .type = parameter_type::time, .fallback = duration::zero(), .what = what};
  };
  const parameter reset_every = count("reset_every", 0, "Each so many-th connection is reset; 0: none.");
  const parameter reset_after = {.name = "reset_after",
                                 .type = parameter_type::bytes,
                                 .fallback = std::uint64_t{256},
                                 .what = "After how many bytes from its side it is reset."};
  to.add({.name = "stream_client",
          .what = "Connects, says line after line, and waits for each to come back.",
          .asks = wants::at_least_one,
          .parameters = {count("items", 0, "How many connections it makes; 0: without end."),
                         time("every", "How long it waits before each."), count("lines", 10, "How many lines it says."),
                         count("line_bytes", 63, "How long a line is.", 1, static_cast<double>(line_bytes_max)),
                         time("pause", "How long it waits before each line."), reset_every, reset_after},
          .counters = {"served", "resets", "failed", "wrong"}},
         run_client);
  to.add({.name = "stream_proxy",
          .what = "Passes the bytes of each connection on to another one, both ways.",
          .asked_by = wants::at_least_one,
          .asks = wants::at_least_one,
          .parameters = {reset_every, reset_after},
          .counters = {"served", "resets", "failed", "bytes"}},
         run_proxy);
  to.add({.name = "stream_server",
          .what = "Works on each line of a connection, and says it back.",
          .asked_by = wants::at_least_one,
          .parameters = {time("work", "How long it sleeps over each line."),
                         time("busy", "How long it computes for each line, about.")},
          .counters = {"served", "resets", "failed", "lines"}},
         run_server);
}

} // namespace troupe::topology
