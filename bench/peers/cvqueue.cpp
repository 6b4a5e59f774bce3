// Plain threads, one per actor, over a std::deque with a mutex and two condition variables. The bound is the queue's
// own: a push waits while 100 items are in it.
//
//   pipeline chain pingpong fanin

#include "peer.hpp"

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace {

using peer::totals;

class bounded_queue {
public:
  void push(int64_t item) {
    std::unique_lock lock(mutex_);
    not_full_.wait(lock, [&] { return items_.size() < peer::bound; });
    items_.push_back(item);
    lock.unlock();
    not_empty_.notify_one();
  }

  /// Waits for an item; empty once the queue is closed and drained.
  std::optional<int64_t> pop() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [&] { return !items_.empty() || closed_; });
    if (items_.empty())
      return std::nullopt;
    const int64_t item = items_.front();
    items_.pop_front();
    lock.unlock();
    not_full_.notify_one();
    return item;
  }

  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    not_empty_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable not_full_, not_empty_;
  std::deque<int64_t> items_;
  bool closed_ = false;
};

using threads = std::vector<std::jthread>;

void produce(bounded_queue& to, int64_t from, int64_t end) {
  for (int64_t i = from; i < end; ++i)
    to.push(i);
}

totals drain(bounded_queue& from) {
  totals got;
  while (auto item = from.pop())
    got.add(*item);
  return got;
}

totals pipeline(int64_t n) {
  bounded_queue queue;
  totals all;
  std::mutex all_mutex;
  {
    threads consumers;
    for (int k = 0; k < peer::consumer_count; ++k)
      consumers.emplace_back([&] {
        const totals got = drain(queue);
        std::lock_guard lock(all_mutex);
        all.count += got.count, all.sum += got.sum;
      });
    produce(queue, 0, n);
    queue.close();
  }
  return all;
}

totals chain(int64_t n) {
  std::array<bounded_queue, peer::stage_count + 1> queues;
  threads stages;
  for (size_t k = 0; k < peer::stage_count; ++k)
    stages.emplace_back([&queues, k] {
      while (auto item = queues[k].pop())
        queues[k + 1].push(*item);
      queues[k + 1].close();
    });
  stages.emplace_back([&queues, n] { produce(queues[0], 0, n), queues[0].close(); });
  return drain(queues[peer::stage_count]);
}

totals pingpong(int64_t n) {
  bounded_queue there, back;
  std::jthread server([&] {
    while (auto item = there.pop())
      back.push(*item);
  });
  totals got;
  for (int64_t i = 0; i < n; ++i) {
    there.push(i);
    got.add(back.pop().value());
  }
  there.close();
  return got;
}

totals fanin(int64_t n) {
  bounded_queue queue;
  totals got;
  std::jthread consumer([&] { got = drain(queue); });
  {
    threads producers;
    const int64_t part = n / peer::producer_count;
    for (int k = 0; k < peer::producer_count; ++k)
      producers.emplace_back([&queue, part, k] { produce(queue, k * part, (k + 1) * part); });
  }
  queue.close();
  consumer.join();
  return got;
}

} // namespace

int main(int argc, char** argv) {
  const peer::request asked = peer::read_arguments(argc, argv);
  totals (*run)(int64_t) = asked.workload == "pipeline"   ? pipeline
                           : asked.workload == "chain"    ? chain
                           : asked.workload == "pingpong" ? pingpong
                           : asked.workload == "fanin"    ? fanin
                                                          : nullptr;
  if (!run)
    peer::no_such_workload(asked);
  const double began = peer::now();
  const totals got = run(asked.n);
  const double seconds = peer::now() - began;
  peer::verify(got, asked.n);
  peer::report("cvqueue", asked, seconds);
}
