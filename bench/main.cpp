// troupe_bench WORKLOAD N: runs one workload on CAF workers and prints one line, as the programs in bench/peers do.

#include <troupe/bench/workloads.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>

namespace troupe::bench {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
      .count(); // tidy: allow steady-clock
}

void spin(std::int64_t nanoseconds) {
  if (nanoseconds == 0)
    return;
  const double until = now() + static_cast<double>(nanoseconds) * 1e-9;
  while (now() < until)
    ;
}

long status_kib(std::string_view key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key))
      return std::stol(line.substr(key.size() + 1));
  return 0;
}

const std::vector<workload>& workloads() {
  static const std::vector<workload> all{
      {"pipeline", "one producer, one mailbox, 8 consumers", pipeline},
      {"pipeline_work", "the same, each item spins for a microsecond in its consumer", pipeline_work},
      {"chain", "a producer, 10 stages, a consumer", chain},
      {"pingpong", "round trips of a request that carries its reply address", pingpong},
      {"ask", "round trips of a typed ask, each with a deadline that is set and cancelled", ask},
      {"ring", "1,000 actors pass a token n times", ring},
      {"spawn", "n fibers, each with a mailbox, each takes one item and ends", spawn},
      {"idle", "n fibers alive, each with a mailbox: bytes_per", idle},
      {"fanin", "8 producers, one mailbox, one consumer", fanin},
      {"restart", "a supervised child crashes on each of n messages", restart},
      {"children", "n dynamic children of a supervisor: start, one that crashes, stop", children},
      {"children_in_order", "the same with names, under one_for_one, stopped one by one", children_in_order},
      {"taskgroup", "n children, one fails: us until all have ended, the median of 21", taskgroup},
      {"burn", "8 CPU-bound fibers of 5 ms, n times: when the second core starts", burn},
      {"deadlines", "n pending; then single ones, and n / 10 at one instant: late_p99_us, together_ms", deadlines},
      {"cancel", "n waits below five frames, 100 at a time: ns from cancel() to the joined group", cancel},
      {"caf_beside_fibers", "n messages of two CAF actors, alone and beside a busy fiber for each worker",
       caf_beside_fibers},
      {"fibers_beside_caf", "pipeline, alone and beside two busy CAF actors for each worker", fibers_beside_caf},
      {"exploration", "n schedules of three supervised actors and two clients, by the testing kit", exploration},
      {"echo", "64 connections over TCP, each sends 64 bytes again and again and reads them back: us, the p99", echo},
      {"lines", "the same with lines, each answered by `ok ` and the line", lines},
      {"observed", "pipeline again and again, without a live view, with one that nobody follows, and with clients",
       observed},
      {"line", "a cache line goes n times to and fro between two plain threads", line},
  };
  return all;
}

namespace {

int usage(std::FILE* to) {
  std::fputs("usage: troupe_bench WORKLOAD N [--workers 2] [--consumers 8] [--capacity 100] [--work-ns 1000]\n"
             "                    [--clients 1] [--pairs 21] [--repeat 1 | --warm 1]\n\n"
             "Prints `troupe WORKLOAD items seconds rate peak_rss_kb [more]`, a line for each repetition.\n"
             "With --warm a line for the median of so many, after one that does not count, all on the same\n"
             "workers: item_ns, and that of the fastest and of the slowest.\n"
             "bench/compare runs it beside the programs in bench/peers. The load of `echo` and `lines` is the program\n"
             "stream_load, in the folder PEERS_BIN or beside this one.\n\n",
             to);
  for (const workload& one : workloads())
    std::fprintf(to, "  %-18s %s\n", std::string(one.name).c_str(), std::string(one.what).c_str());
  return to == stdout ? 0 : 2;
}

bool read_number(std::string_view text, std::int64_t& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc{} && end == text.data() + text.size() && to > 0;
}

struct request {
  settings how;
  std::int64_t workers = 2;
  std::int64_t repetitions = 1;
  std::int64_t warm = 0; // 0: a line for each repetition
};

/// 0, or the exit code of a call that is wrong.
int read(const std::vector<std::string_view>& arguments, request& to) {
  if (arguments.size() < 2 || !read_number(arguments[1], to.how.n))
    return usage(stderr);
  for (std::size_t i = 2; i < arguments.size(); i += 2) {
    std::int64_t value = 0;
    if (i + 1 == arguments.size() || !read_number(arguments[i + 1], value)) {
      std::fprintf(stderr, "troupe_bench: %s needs a number from 1\n", std::string(arguments[i]).c_str());
      return 2;
    }
    if (arguments[i] == "--workers")
      to.workers = value;
    else if (arguments[i] == "--consumers")
      to.how.consumers = static_cast<std::size_t>(value);
    else if (arguments[i] == "--capacity")
      to.how.capacity = static_cast<std::size_t>(value);
    else if (arguments[i] == "--work-ns")
      to.how.work_ns = value;
    else if (arguments[i] == "--repeat")
      to.repetitions = value;
    else if (arguments[i] == "--warm")
      to.warm = value;
    else if (arguments[i] == "--clients")
      to.how.clients = static_cast<std::size_t>(value);
    else if (arguments[i] == "--pairs")
      to.how.pairs = static_cast<std::size_t>(value);
    else
      return usage(stderr);
  }
  return 0;
}

class wrong_result : public std::runtime_error {
public:
  explicit wrong_result(const workload& of) : runtime_error("WRONG RESULT in " + std::string(of.name)) {}
};

measured checked_run(const workload& one, runtime& here, const settings& how) {
  measured result = one.run(here, how);
  if (!result.right)
    throw wrong_result(one);
  return result;
}

void print(const workload& one, const measured& result) {
  std::printf("troupe %s %lld %.6f %.0f %ld %s\n", std::string(one.name).c_str(), static_cast<long long>(result.items),
              result.seconds, static_cast<double>(result.items) / result.seconds, status_kib("VmHWM:"),
              result.more.c_str());
  std::fflush(stdout);
}

void print_median(const workload& one, runtime& here, const request& asked) {
  checked_run(one, here, asked.how);
  std::vector<measured> results;
  for (std::int64_t i = 0; i < asked.warm; ++i)
    results.push_back(checked_run(one, here, asked.how));
  std::sort(results.begin(), results.end(), [](const measured& a, const measured& b) { return a.seconds < b.seconds; });
  const auto each = [](const measured& of) { return of.seconds * 1e9 / static_cast<double>(of.items); };
  measured median = results[results.size() / 2];
  char text[100];
  std::snprintf(text, sizeof text, "item_ns=%.2f fastest_ns=%.2f slowest_ns=%.2f", each(median), each(results.front()),
                each(results.back()));
  median.more += (median.more.empty() ? "" : " ") + std::string(text);
  print(one, median);
}

int run_it(const std::vector<std::string_view>& arguments) {
  if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h"))
    return usage(stdout);
  request asked;
  if (const int wrong = read(arguments, asked); wrong != 0)
    return wrong;
  for (const workload& one : workloads()) {
    if (one.name != arguments[0])
      continue;
    runtime_options options;
    options.workers = static_cast<std::size_t>(asked.workers);
    runtime here{options};
    if (asked.warm > 0)
      print_median(one, here, asked);
    else
      for (std::int64_t i = 0; i < asked.repetitions; ++i)
        print(one, checked_run(one, here, asked.how));
    return 0;
  }
  std::fprintf(stderr, "troupe_bench: there is no workload `%s`\n\n", std::string(arguments[0]).c_str());
  return usage(stderr);
}

} // namespace

} // namespace troupe::bench

int main(int argc, char** argv) {
  try {
    return troupe::bench::run_it({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "troupe_bench: %s\n", error.what());
    return 1;
  }
}
