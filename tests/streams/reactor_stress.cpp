#include <troupe/streams/reactor.hpp>

#include <tests/run_apart.hpp>
#include <tests/streams/sockets.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>

#include <csignal>
#include <dirent.h>
#include <fstream>
#include <optional>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

std::size_t threads_of_process() {
  DIR* const all = opendir("/proc/self/task");
  std::size_t count = 0;
  while (const dirent* const each = readdir(all))
    count += each->d_name[0] != '.';
  closedir(all);
  return count;
}

/// How many threads of this process let a signal through.
std::size_t threads_that_take(int signal) {
  DIR* const all = opendir("/proc/self/task");
  std::size_t count = 0;
  while (const dirent* const each = readdir(all)) {
    if (each->d_name[0] == '.')
      continue;
    std::ifstream status{std::string{"/proc/self/task/"} + each->d_name + "/status"};
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("SigBlk:"))
        count += (std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1U) == 0;
  }
  closedir(all);
  return count;
}

/// The last that happens is that the reactor wakes who reads.
task<> says_a_word() {
  stream_pair ends = co_await connected_pair(family::tcp);
  std::string word;
  const auto reads = [&]() -> task<> { word = co_await ends.second.read_exactly(4); };
  co_await in_task_group([&](task_group& group) -> task<> {
    group.start(reads);
    co_await sleep_for(std::chrono::microseconds{200}); // until it waits
    co_await ends.first.write("word");
  });
  CHECK(word == "word");
}

/// What a program that makes this mistake says, of which Catch2 shall say nothing.
template <class Function>
std::string last_words(Function function) {
  return run_apart([&] {
           std::signal(SIGABRT, SIG_DFL);
           function();
         })
      .words;
}

} // namespace

TEST_CASE("an executor has one thread for its sockets, from the first use on, which takes no signals",
          "[streams][stress]") {
  std::size_t with_more = 0;
  thread_pool_executor executor{2};
  const std::size_t before = threads_of_process();
  const std::size_t taking = threads_that_take(SIGUSR1);
  REQUIRE(taking != 0); // this one
  static_cast<void>(detail::reactor::of(executor));
  CHECK(threads_of_process() == before + 1);
  CHECK(threads_that_take(SIGUSR1) == taking);
  const auto counts = [&]() -> task<> {
    stream_pair ends = co_await connected_pair(family::tcp);
    stream_pair more = co_await connected_pair(family::unix_domain);
    with_more = threads_of_process();
  };
  executor.run(counts).value();
  CHECK(with_more == before + 1);
}

TEST_CASE("an executor may go right after its last stream, over and over", "[streams][stress]") {
  for (int round = 0; round < (sanitized ? 50 : 300); ++round)
    for (const std::size_t threads : {1U, 3U}) {
      thread_pool_executor executor{threads};
      executor.run(says_a_word).value();
    }
}

TEST_CASE("a closed stream may outlive its executor, an open one is a mistake", "[streams][stress]") {
  std::optional<stream_pair> left;
  const auto leaves = [&]() -> task<> {
    left.emplace(co_await connected_pair(family::tcp));
    static_cast<void>(co_await left->first.close());
    left->second.abort();
  };
  {
    thread_pool_executor executor{1};
    executor.run(leaves).value();
  }
  CHECK_FALSE(left->first.is_open());
  left.reset();

  const std::string words = last_words([] {
    std::optional<stream_pair> open;
    thread_pool_executor executor{1};
    const auto leaves_open = [&]() -> task<> { open.emplace(co_await connected_pair(family::tcp)); };
    executor.run(leaves_open).value();
  });
  CHECK(words.find("an executor went away with open sockets") != std::string::npos);
}

TEST_CASE("a simulated run has no sockets, and says what it has", "[streams][stress]") {
  const auto listens = []() -> task<> {
    static_cast<void>(listen_tcp("127.0.0.1", 0));
    co_return;
  };
  const auto connects = []() -> task<> { static_cast<void>(co_await connect_tcp("localhost", 1)); };
  const auto connects_here = []() -> task<> { static_cast<void>(co_await connect_unix("/tmp/no/such.socket")); };
  const auto words_of = [](auto function) { return last_words([&] { simulator{}.run(function).value(); }); };
  for (const std::string& words : {words_of(listens), words_of(connects), words_of(connects_here)})
    CHECK(words.find("a simulated run has no sockets: use pipe_pair()") != std::string::npos);
}
