// Each fault of the network, at each kind of use of a stream, over real sockets: whoever waits is told in time what has
// happened, once, and whatever arrives is what was sent.

#include <tests/streams/line_server.hpp>
#include <tests/testing/through_proxy.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/serve.hpp>

#include <functional>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// What a fault makes of an exchange, for who reads.
enum class comes_to { all, nothing_in_time, reset, cut };

struct table_row {
  const char* fault;
  proxy_faults faults;
  comes_to for_reader;
};
/// Those that strike at a byte.
std::vector<table_row> faults_at(std::uint64_t byte) {
  return {{"stall", {.stalls_at = byte}, comes_to::nothing_in_time},
          {"RST", {.resets_at = byte}, comes_to::reset},
          {"half-close", {.ends_at = byte}, comes_to::cut}};
}

constexpr std::uint64_t at = 10; // bytes before a fault strikes, where not each is tried
std::vector<table_row> all_faults_at_one_byte() {
  std::vector<table_row> all{{"none", {}, comes_to::all},
                             {"delay", {.delay = 20ms}, comes_to::all},
                             {"1-byte chunks", {.at_once_max = 1}, comes_to::all},
                             {"drop", {.drops = true}, comes_to::nothing_in_time}};
  for (const table_row& each : faults_at(at))
    all.push_back(each);
  return all;
}
const std::vector<table_row> fault_table = all_faults_at_one_byte();

/// The same, with faults at each byte of so many.
std::vector<table_row> table_of_bytes(std::uint64_t count) {
  std::vector<table_row> all = fault_table;
  for (std::uint64_t byte = 0; byte < count; ++byte)
    for (const table_row& each : faults_at(byte))
      all.push_back(each);
  return all;
}

std::string name_of(const table_row& row) {
  const proxy_faults& faults = row.faults;
  const auto byte = faults.stalls_at ? faults.stalls_at : faults.resets_at ? faults.resets_at : faults.ends_at;
  return byte ? std::string{row.fault} + " at byte " + std::to_string(*byte) : row.fault;
}

/// All of them at once, on one thread: Catch2 wants that.
template <class Function>
void beside_each_other(const std::vector<table_row>& rows, Function function) {
  const auto all = [&]() -> task<> {
    co_await in_task_group([&](task_group& group) {
      for (const table_row& row : rows)
        group.start(function, std::cref(row));
    });
  };
  on_sockets(all, 1);
}

/// What is to come has as long as a slow machine takes; what is not, no longer than a test may.
duration limit_of(comes_to what) { return what == comes_to::nothing_in_time ? duration{60ms} : duration{30s}; }

template <class T>
comes_to how_it_ended(const outcome<T>& ended) {
  if (ended.has_value())
    return comes_to::all;
  try {
    std::rethrow_exception(ended.error());
  } catch (const deadline_exceeded&) {
    return comes_to::nothing_in_time;
  } catch (const peer_reset&) {
    return comes_to::reset;
  } catch (const incomplete_read&) {
    return comes_to::cut;
  }
}

const std::string sixty_four = "0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQR";

task<> writes_for_ever(byte_stream& to) {
  const std::string some(10'000, 'x');
  for (;;)
    co_await to.write(some);
}

} // namespace

namespace {

task<> who_reads_sees(const table_row& row, fault_proxy& proxy, stream_pair& ends) {
  static_cast<void>(co_await as_outcome(ends.second.write(sixty_four))); // a reset may come before it
  auto first = co_await as_outcome(fail_after(limit_of(row.for_reader), ends.first.read_exactly(64)));
  {
    INFO(name_of(row)); // for as long as no other fiber runs
    CHECK(how_it_ended(first) == row.for_reader);
    if (first.has_value())
      CHECK(first.value() == sixty_four);
  }
  if (row.for_reader == comes_to::reset)
    static_cast<void>(co_await error_of<peer_reset>(ends.first.read_exactly(1)));
  if (row.for_reader == comes_to::cut) {
    CHECK(ends.first.at_end());
    co_await ends.first.write("the other way");
    const std::string there = co_await ends.second.read_exactly(13);
    CHECK(there == "the other way");
  }
  if (row.faults.stalls_at) { // what the deadline has left is there when the network is well again
    proxy.set(proxy_direction::to_client, {});
    const std::string all = co_await ends.first.read_exactly(64);
    CHECK(all == sixty_four);
  }
}

} // namespace

TEST_CASE("each fault, as who reads sees it: told by its deadline, and nothing lost by that",
          "[testing][PAT-4][D6][NF-7][stress]") {
  beside_each_other(table_of_bytes(64), [](const table_row& row) -> task<> {
    const auto through = [&row](fault_proxy& proxy, listener& targets) -> task<> {
      stream_pair ends = co_await connected_through(proxy, targets);
      co_await who_reads_sees(row, proxy, ends);
    };
    co_await before_a_listener({.to_client = row.faults}, through);
  });
}

TEST_CASE("each fault, as who writes sees it: suspended, told once with what was accepted, or in the dark",
          "[testing][PAT-4][D6][stress]") {
  for (const table_row& row : fault_table)
    through_a_proxy({.to_target = row.faults}, [&](fault_proxy& proxy, stream_pair& ends) -> task<> {
      INFO(row.fault);
      byte_stream& writer = ends.first;
      std::string come;
      outcome<> ended;
      co_await in_task_group([&](task_group& group) -> task<> {
        group.start([&]() -> task<> { // a target that reads what comes, however it ends
          std::string some(10'000, '\0');
          for (;;) {
            auto more = co_await as_outcome(ends.second.read_some(std::as_writable_bytes(std::span{some})));
            if (!more.has_value() || more.value() == 0)
              co_return;
            come.append(some, 0, more.value());
          }
        });
        ended = co_await as_outcome(fail_after(200ms, writes_for_ever(writer)));
        proxy.reset_connections(); // so the target comes to its end, too
      });
      const std::uint64_t accepted = writer.statistics().bytes_accepted;
      CHECK(how_it_ended(ended) == (row.faults.resets_at ? comes_to::reset : comes_to::nothing_in_time));
      CHECK(come.size() <= accepted);
      CHECK(come.find_first_not_of('x') == come.npos);
      if (row.faults.resets_at || row.faults.ends_at || row.faults.stalls_at)
        CHECK(come.size() == at);
      if (row.faults.drops)
        CHECK(come.empty());
      if (row.faults.stalls_at)
        CHECK(accepted < 64 * 1'048'576U); // what the system keeps of two connections, and the mark
    });
}

TEST_CASE("a reset tells who writes how many bytes were accepted, and nothing else from then on",
          "[testing][PAT-4][D6][stress]") {
  through_a_proxy({.to_target = {.resets_at = at}}, [&](fault_proxy&, stream_pair& ends) -> task<> {
    const std::string all(64 * 1'048'576, 'x'); // more than fits on the way, so it is struck in its middle
    const auto lost = co_await error_of<peer_reset>(ends.first.write(all));
    CHECK(lost.bytes_accepted() == ends.first.statistics().bytes_accepted);
    CHECK(lost.bytes_accepted() < all.size());
    for (int i = 0; i < 3; ++i) {
      const auto still = co_await error_of<peer_reset>(ends.first.write("x"));
      CHECK(still.bytes_accepted() == 0);
      static_cast<void>(co_await error_of<peer_reset>(ends.first.read_exactly(1)));
    }
  });
}

TEST_CASE("a stalled write that its deadline ends tears the stream, and a close ends by its own",
          "[testing][PAT-4][D6][stress]") {
  through_a_proxy({.to_target = {.stalls_at = at}}, [&](fault_proxy&, stream_pair& ends) -> task<> {
    const std::string all(64 * 1'048'576, 'x');
    const auto ended = co_await as_outcome(fail_after(100ms, ends.first.write(all)));
    CHECK(how_it_ended(ended) == comes_to::nothing_in_time);
    CHECK(ends.first.statistics().bytes_unsent <= 65'536);
    const auto torn = co_await error_of<stream_torn>(ends.first.write("x"));
    CHECK(torn.bytes_accepted() == ends.first.statistics().bytes_accepted);
    const std::size_t dropped = co_await fail_after(30s, ends.first.close(20ms));
    CHECK(dropped == 65'536);
  });
}

namespace {

/// Three questions and their answers, each question once the answer before it has come.
task<> asks_thrice(byte_stream& over) {
  line_reader lines{over, 100};
  for (const std::string question : {"which?", "whether, and if so why?", "when?"}) {
    co_await write_line(over, question);
    const std::optional<std::string> answer = co_await lines.next();
    if (answer == "re: " + question)
      continue;
    if (!answer || ("re: " + question).starts_with(*answer)) // a line that was cut is the last one, of either side
      throw incomplete_read(answer.value_or(""), 0);
    throw std::logic_error("a wrong answer: " + *answer);
  }
}

/// The listener as `serve` takes it, which others may look at while it serves.
class shared_acceptor {
public:
  explicit shared_acceptor(listener& what) noexcept : what_(&what) {}
  task<byte_stream> accept() const { return what_->accept(); }
  void close() const noexcept { what_->close(); }

private:
  listener* what_;
};

} // namespace

namespace {

task<> beside_a_healthy_one(const table_row& row, fault_proxy& proxy, listener& targets) {
  co_await in_task_group([&](task_group& group) -> task<> {
    child<> server = group.start([&]() -> task<> {
      co_await serve(shared_acceptor{targets}, answers, {.drain_limit = 100ms, .close_limit = 100ms});
    });
    byte_stream struck = co_await client_of(proxy);
    byte_stream healthy = co_await connected_to(targets);
    const auto ended = co_await as_outcome(fail_after(limit_of(row.for_reader), asks_thrice(struck)));
    {
      INFO(name_of(row));
      CHECK(how_it_ended(ended) == row.for_reader);
    }
    co_await fail_after(30s, asks_thrice(healthy));
    server.cancel(); // also ends what stalls, by its limit
  });
}

} // namespace

TEST_CASE("each fault in each direction before a server ends its own connection, and no other one",
          "[testing][PAT-4][C10][stress]") {
  for (const bool way_back : {false, true}) // without the last newline, for which an end may stand
    beside_each_other(table_of_bytes(way_back ? 48 : 36), [way_back](const table_row& row) -> task<> {
      proxy_options options;
      (way_back ? options.to_client : options.to_target) = row.faults;
      const auto both = [&row](fault_proxy& proxy, listener& targets) -> task<> {
        co_await beside_a_healthy_one(row, proxy, targets);
      };
      co_await before_a_listener(options, both);
    });
}

namespace {

std::vector<std::string> messages() {
  std::vector<std::string> all{"", "a", "two\nlines", std::string(1'000, 'z')};
  for (std::size_t i = 0; i < 20; ++i)
    all.push_back(std::string(i * i, static_cast<char>('a' + i)));
  return all;
}

/// Frames until the end, and how that came.
task<> reads_frames(byte_stream& from, std::vector<std::string>& come) {
  frame_reader frames{from, 10'000};
  while (std::optional<std::string> next = co_await frames.next())
    come.push_back(*std::move(next));
}

task<> writes_frames(byte_stream& to, std::vector<std::string> all) {
  for (const std::string& each : all)
    co_await write_frame(to, each);
  to.shutdown_write();
}

} // namespace

TEST_CASE("frames through each fault are those that were written, as far as they come, and a part of one is none",
          "[testing][PAT-4][D6][NF-3][NF-4][NF-7][stress]") {
  const std::vector<std::string> all = messages();
  for (const table_row& row : fault_table)
    through_a_proxy({.to_client = row.faults}, [&](fault_proxy&, stream_pair& ends) -> task<> {
      INFO(row.fault);
      std::vector<std::string> come;
      const auto written = co_await as_outcome(writes_frames(ends.second, all));
      CHECK((written.has_value() || row.for_reader == comes_to::reset));
      const auto ended = co_await as_outcome(fail_after(limit_of(row.for_reader), reads_frames(ends.first, come)));
      CHECK(how_it_ended(ended) == row.for_reader);
      if (row.for_reader == comes_to::all)
        CHECK(come == all);
      else if (row.faults.drops)
        CHECK(come.empty());
      else
        CHECK(come == std::vector<std::string>{"", "a"}); // of 4 and 5 bytes: a part of the third has come
    });
}
