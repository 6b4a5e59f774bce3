#include <troupe/observe/connection_threads.hpp>

#include <system_error>
#include <utility>

namespace troupe::detail {

void connection_threads::enqueue(std::function<void()> connection) {
  std::unique_lock held{mutex_};
  taken_.wait(held, [this] { return waiting_.size() < threads_max_; });
  waiting_.push_back(std::move(connection));
  if (waiting_.size() > idle_ && threads_.size() < threads_max_) {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) { // no more threads: those that are there take it, one after the other
      if (threads_.empty())
        waiting_.pop_back(); // its socket stays open, but nobody could ever serve it
    }
  }
  queued_.notify_one();
}

void connection_threads::shutdown() {
  {
    const std::lock_guard held{mutex_};
    stopping_ = true;
  }
  queued_.notify_all();
  for (std::thread& each : threads_)
    each.join();
}

void connection_threads::work() {
  std::unique_lock held{mutex_};
  for (;;) {
    ++idle_;
    queued_.wait(held, [this] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty())
      return;
    const std::function<void()> connection = std::move(waiting_.front());
    waiting_.pop_front();
    held.unlock();
    taken_.notify_one();
    connection();
    held.lock();
  }
}

} // namespace troupe::detail
