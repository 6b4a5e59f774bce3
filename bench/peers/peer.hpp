// What the C++ peers share: their arguments, the clock, their memory, and the one line that each of them prints.

#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

namespace peer {

constexpr int64_t bound = 100;       // how many items a queue holds, in all workloads with a stream of items
constexpr int consumer_count = 8;    // of pipeline
constexpr int producer_count = 8;    // of fanin; each has a block of n / 8 numbers
constexpr int stage_count = 10;      // of chain
constexpr int ring_size = 1000;      // actors of ring
constexpr int taskgroup_rounds = 21; // the figure of taskgroup is their median

/// Seconds of a clock that never goes back.
inline double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

/// A line of /proc/self/status in KiB: VmHWM is the peak of the resident memory, VmRSS what it is now.
inline int64_t status_kb(const char* key) {
  FILE* file = fopen("/proc/self/status", "r");
  char line[256];
  int64_t kb = 0;
  while (file && fgets(line, sizeof line, file))
    if (strncmp(line, key, strlen(key)) == 0)
      kb = atol(line + strlen(key) + 1);
  if (file)
    fclose(file);
  return kb;
}

/// How many items arrived, and the sum of their numbers: what shows that none was lost or doubled.
struct totals {
  int64_t count = 0, sum = 0;
  void add(int64_t item) { ++count, sum += item; }
};

/// What each item's number adds up to when all of 0 .. n-1 arrived once.
constexpr totals all_of(int64_t n) { return {n, n * (n - 1) / 2}; }

/// Ends the program at once, since other threads may be running.
[[noreturn]] inline void fail(const std::string& why, int code = 1) {
  fprintf(stderr, "%s\n", why.c_str());
  _exit(code);
}

/// Ends the program unless each of 0 .. n-1 was counted once.
inline void verify(const totals& got, int64_t n) {
  if (got.count != n || got.sum != all_of(n).sum)
    fail("WRONG RESULT: " + std::to_string(got.count) + " items of " + std::to_string(n) + ", sum " +
         std::to_string(got.sum));
}

inline void require(bool condition, const char* what) {
  if (!condition)
    fail(std::string("WRONG RESULT: ") + what);
}

/// What one run was asked to do. A variant of a workload is named `workload_variant`.
struct request {
  std::string workload;
  int64_t n;

  std::string base() const { return workload.substr(0, workload.find('_')); }
  bool is(const char* variant) const { return base() != workload && workload == base() + "_" + variant; }
};

/// The arguments; fanin's n becomes a multiple of eight, so that its producers have equal parts.
inline request read_arguments(int argc, char** argv, const char* more = "") {
  request asked{argc > 1 ? argv[1] : "", argc > 2 ? atol(argv[2]) : 0};
  if (asked.base() == "fanin")
    asked.n = asked.n / producer_count * producer_count;
  if (asked.n < 1)
    fail(std::string("usage: ") + argv[0] + " WORKLOAD N" + more + "; N is 1 or more (fanin: 8)", 2);
  return asked;
}

[[noreturn]] inline void no_such_workload(const request& asked) { fail("no workload " + asked.workload, 2); }

/// Prints the line: peer workload items seconds rate peak_rss_kb [bytes_per=.. | us=..]
inline void report(const char* who, const request& asked, double seconds, const std::string& figure = "") {
  printf("%s %s %lld %.6f %.0f %lld %s\n", who, asked.workload.c_str(), static_cast<long long>(asked.n), seconds,
         static_cast<double>(asked.n) / seconds, static_cast<long long>(status_kb("VmHWM")), figure.c_str());
  fflush(stdout);
}

/// The figure of idle: by how much the resident memory grew, per actor.
inline std::string bytes_per(int64_t kb_before, int64_t n) {
  return "bytes_per=" + std::to_string((status_kb("VmRSS") - kb_before) * 1024 / n);
}

} // namespace peer
