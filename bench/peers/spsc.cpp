// The limit, not a peer: what two cores can do when nothing is scheduled. Two threads, each pinned to a CPU, hand
// numbers over through Lamport's ring with cached indices; who finds a ring full or empty spins. The bound is the
// ring's.
//
//   pipeline         one ring of 100: one producer, one consumer, one number per push and pop
//   pipeline_batch   the same; the indices are published once per up to 32 numbers
//   pipeline_eight   one producer, eight logical consumers: eight rings of 12, all served by one thread
//   chain            producer, ten stages and sink over eleven rings of 100; each thread serves half of them, in
//   batches fanin            eight logical producers on one thread, eight rings of 12, one consumer;   fanin_batch  in
//   batches pingpong         one number there and back across the two cores

#include "peer.hpp"
#include "spsc_ring.hpp"

#include <algorithm>
#include <array>
#include <pthread.h>
#include <sched.h>
#include <thread>

namespace {

using peer::backoff, peer::ring, peer::totals;

constexpr int64_t batch = 32;

template <class Ring>
void push(Ring& to, int64_t item) {
  for (backoff idle; !to.push(item);)
    idle.wait();
}

template <class Ring>
int64_t pop(Ring& from) {
  int64_t item = 0;
  for (backoff idle; !from.pop(item);)
    idle.wait();
  return item;
}

/// Pins the calling thread to the `which`-th of the CPUs that this program may use.
void pin(int which) {
  cpu_set_t allowed, one;
  sched_getaffinity(0, sizeof allowed, &allowed);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed) && which-- == 0)
      CPU_SET(cpu, &one);
  if (CPU_COUNT(&one) != 1 || pthread_setaffinity_np(pthread_self(), sizeof one, &one) != 0)
    peer::fail("spsc needs two CPUs of its own");
}

/// Runs both functions, each on its CPU, and returns what the second one says.
template <class First, class Second>
totals on_two_cores(First first, Second second) {
  totals result;
  std::thread a([&] { pin(0), first(); });
  std::thread b([&] { pin(1), result = second(); });
  a.join(), b.join();
  return result;
}

template <class Rings>
totals take_from_each(Rings& rings, int64_t n) {
  totals got;
  for (backoff idle; got.count < n;) {
    int64_t moved = 0;
    for (auto& from : rings)
      moved += from.pop_some(batch, [&](int64_t item) { got.add(item); });
    if (moved == 0)
      idle.wait();
  }
  return got;
}

std::array<ring<12>, 8> eight; // 96 places: as near to 100 as eight equal rings get
std::array<ring<peer::bound>, peer::stage_count + 1> rings;

totals pipeline(int64_t n) {
  return on_two_cores(
      [n] {
        for (int64_t i = 0; i < n; ++i)
          push(rings[0], i);
      },
      [n] {
        totals got;
        while (got.count < n)
          got.add(pop(rings[0]));
        return got;
      });
}

totals pipeline_batch(int64_t n) {
  return on_two_cores(
      [n] {
        backoff idle;
        for (int64_t next = 0; next < n;) {
          const int64_t moved = rings[0].push_some(next, std::min(batch, n - next));
          next += moved;
          if (moved == 0)
            idle.wait();
        }
      },
      [n] {
        totals got;
        for (backoff idle; got.count < n;)
          if (rings[0].pop_some(batch, [&](int64_t item) { got.add(item); }) == 0)
            idle.wait();
        return got;
      });
}

totals pipeline_eight(int64_t n) {
  return on_two_cores(
      [n] {
        backoff idle;
        for (int64_t next = 0; next < n;) {
          const int64_t before = next;
          for (auto& to : eight)
            if (next < n && to.push(next))
              ++next;
          if (next == before)
            idle.wait();
        }
      },
      [n] { return take_from_each(eight, n); });
}

/// Moves up to a batch through stage `k`: from ring k to ring k + 1.
int64_t serve_stage(size_t k) {
  int64_t moved = 0, item;
  while (moved < batch && rings[k + 1].has_room() && rings[k].pop(item)) {
    rings[k + 1].push(item);
    ++moved;
  }
  return moved;
}

totals chain(int64_t n) {
  constexpr size_t half = peer::stage_count / 2;
  return on_two_cores(
      [n] {
        backoff idle;
        for (int64_t next = 0, out = 0; out < n;) {
          const int64_t sent = rings[0].push_some(next, std::min(batch, n - next));
          next += sent;
          int64_t moved = sent;
          for (size_t k = 0; k < half; ++k) {
            const int64_t passed = serve_stage(k);
            moved += passed;
            out += k == half - 1 ? passed : 0;
          }
          if (moved == 0)
            idle.wait();
        }
      },
      [n] {
        totals got;
        for (backoff idle; got.count < n;) {
          int64_t moved = 0;
          for (size_t k = half; k < peer::stage_count; ++k)
            moved += serve_stage(k);
          moved += rings[peer::stage_count].pop_some(batch, [&](int64_t item) { got.add(item); });
          if (moved == 0)
            idle.wait();
        }
        return got;
      });
}

template <int64_t Most>
totals fanin_by(int64_t n) {
  return on_two_cores(
      [part = n / peer::producer_count] {
        std::array<int64_t, 8> sent{};
        int64_t left = part * peer::producer_count;
        for (backoff idle; left > 0;) {
          const int64_t before = left;
          for (size_t k = 0; k < eight.size(); ++k) {
            const int64_t next = static_cast<int64_t>(k) * part + sent[k];
            const int64_t moved = eight[k].push_some(next, std::min(Most, part - sent[k]));
            sent[k] += moved;
            left -= moved;
          }
          if (left == before)
            idle.wait();
        }
      },
      [n] { return take_from_each(eight, n); });
}

totals fanin(int64_t n) { return fanin_by<1>(n); }
totals fanin_batch(int64_t n) { return fanin_by<batch>(n); }

totals pingpong(int64_t n) {
  return on_two_cores(
      [n] {
        for (int64_t i = 0; i < n; ++i)
          push(rings[1], pop(rings[0]));
      },
      [n] {
        totals got;
        for (int64_t i = 0; i < n; ++i) {
          push(rings[0], i);
          got.add(pop(rings[1]));
        }
        return got;
      });
}

struct workload {
  const char* name;
  totals (*run)(int64_t n);
};
constexpr workload workloads[] = {{"pipeline", pipeline},
                                  {"pipeline_batch", pipeline_batch},
                                  {"pipeline_eight", pipeline_eight},
                                  {"chain", chain},
                                  {"fanin", fanin},
                                  {"fanin_batch", fanin_batch},
                                  {"pingpong", pingpong}};

} // namespace

int main(int argc, char** argv) {
  const peer::request asked = peer::read_arguments(argc, argv);
  for (const workload& known : workloads)
    if (asked.workload == known.name) {
      const double began = peer::now();
      const totals got = known.run(asked.n);
      const double seconds = peer::now() - began;
      peer::verify(got, asked.n);
      peer::report("spsc", asked, seconds);
      return 0;
    }
  peer::no_such_workload(asked);
}
