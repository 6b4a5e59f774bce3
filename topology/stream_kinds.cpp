#include <troupe/topology/stream_kinds.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/topology/connection.hpp>
#include <troupe/topology/node.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::topology {

namespace {

constexpr std::size_t line_bytes_max = 4'096;

/// What goes wrong with one connection is counted, and harms no other.
void count_end(node& here, const outcome<>& ended) {
  if (!ended.has_error())
    return here.add("served");
  here.note(ended.error());
  try {
    std::rethrow_exception(ended.error());
  } catch (const stream_error&) {
    here.add("resets");
  } catch (...) { // a fault, or an ask that failed
    here.add("failed");
  }
}

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

/// Over all runs of a client.
struct progress {
  std::atomic<std::uint64_t> connections{0};
};

task<> run_client(node& here) {
  const std::uint64_t items = here.count("items");
  const auto made = here.kept<progress>();
  while (items == 0 || made->connections < items) {
    co_await here.wait_every();
    const item next = here.made();
    here.fault();
    ++made->connections;
    const std::function<task<>(byte_stream&)> use = [&here, next](byte_stream& over) -> task<> {
      return talk(here, next.number, over);
    };
    const outcome<> ended = co_await as_outcome(connect(here, next, use));
    count_end(here, ended);
  }
}

task<> pass_on(node& here, const item& what, byte_stream& near) {
  here.fault();
  const std::function<void(std::size_t)> count = [&here](std::size_t bytes) { here.add("bytes", bytes); };
  const std::function<task<>(byte_stream&)> use = [&near, &count](byte_stream& far) -> task<> {
    return pass_both_ways(near, far, count);
  };
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
  co_await here.each([&](item& what) -> task<> {
    std::optional<byte_stream> over = take_connection(here, what);
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
  const std::vector<parameter> connects = connection_parameters();
  std::vector<parameter> talks = {
      count("items", 0, "How many connections it makes; 0: without end."),
      time("every", "How long it waits before each."), count("lines", 10, "How many lines it says."),
      count("line_bytes", 63, "How long a line is.", 1, static_cast<double>(line_bytes_max)),
      time("pause", "How long it waits before each line.")};
  talks.insert(talks.end(), connects.begin(), connects.end());
  to.add({.name = "stream_client",
          .what = "Connects, says line after line, and waits for each to come back.",
          .asks = wants::at_least_one,
          .parameters = std::move(talks),
          .counters = {"served", "resets", "failed", "wrong"}},
         run_client);
  to.add({.name = "stream_proxy",
          .what = "Passes the bytes of each connection on to another one, both ways.",
          .asked_by = wants::at_least_one,
          .asks = wants::at_least_one,
          .parameters = connects,
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
