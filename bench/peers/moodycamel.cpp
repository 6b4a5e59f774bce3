// moodycamel::BlockingConcurrentQueue between plain threads, one per actor. The queue has no bound, so a semaphore of
// 100 free places is one: a producer takes a place before it enqueues, a consumer gives it back after it dequeued.
//
//   pipeline fanin           bounded at 100
//   pipeline_unb fanin_unb   without the semaphore, as the queue is usually used

#include "peer.hpp"

#include <concurrentqueue/blockingconcurrentqueue.h>

#include <mutex>
#include <thread>
#include <vector>

namespace {

using peer::totals;

constexpr int64_t stop = -1; // one per consumer, when all items are gone

class numbers {
public:
  explicit numbers(bool bounded) : bounded_(bounded) {}

  void produce(int64_t from, int64_t end) {
    moodycamel::ProducerToken token(queue_);
    for (int64_t i = from; i < end; ++i) {
      if (bounded_)
        places_.wait();
      queue_.enqueue(token, i);
    }
  }

  totals consume() {
    moodycamel::ConsumerToken token(queue_);
    totals got;
    for (int64_t item;;) {
      queue_.wait_dequeue(token, item);
      if (item == stop)
        return got;
      if (bounded_)
        places_.signal();
      got.add(item);
    }
  }

  /// Call it when the producers have ended. Items of different threads are in different queues inside, so a stop could
  /// overtake an item; hence this waits until the items are gone.
  void stop_consumers(int count) {
    while (queue_.size_approx() > 0)
      std::this_thread::yield();
    for (int k = 0; k < count; ++k)
      queue_.enqueue(stop);
  }

private:
  bool bounded_;
  moodycamel::BlockingConcurrentQueue<int64_t> queue_{1024}; // room to begin with; it grows
  moodycamel::LightweightSemaphore places_{peer::bound};
};

totals run(int64_t n, int producers, int consumers, bool bounded) {
  numbers queue(bounded);
  totals all;
  std::mutex all_mutex;
  {
    std::vector<std::jthread> threads;
    for (int k = 0; k < consumers; ++k)
      threads.emplace_back([&] {
        const totals got = queue.consume();
        std::lock_guard lock(all_mutex);
        all.count += got.count, all.sum += got.sum;
      });
    {
      std::vector<std::jthread> sources;
      for (int k = 0; k < producers; ++k)
        sources.emplace_back([&queue, n, producers, k] { queue.produce(n * k / producers, n * (k + 1) / producers); });
    }
    queue.stop_consumers(consumers);
  }
  return all;
}

} // namespace

int main(int argc, char** argv) {
  const peer::request asked = peer::read_arguments(argc, argv);
  const bool pipeline = asked.base() == "pipeline", bounded = asked.base() == asked.workload;
  if ((!pipeline && asked.base() != "fanin") || (!bounded && !asked.is("unb")))
    peer::no_such_workload(asked);
  const double began = peer::now();
  const totals got =
      pipeline ? run(asked.n, 1, peer::consumer_count, bounded) : run(asked.n, peer::producer_count, 1, bounded);
  const double seconds = peer::now() - began;
  peer::verify(got, asked.n);
  peer::report("moodycamel", asked, seconds);
}
