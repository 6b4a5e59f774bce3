// A thread for each connection, up to a limit. Shows cpp-httplib: for .cpp files of this folder.

#pragma once

#include <troupe/observe/http_connection.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe::detail {

/// What cpp-httplib gives its connections to. Threads are made when they are needed, and kept: who follows a tree has one
/// for as long as that lasts. While all are taken, nobody is accepted: the kernel has a line of its own.
class connection_threads final : public httplib::TaskQueue {
public:
  explicit connection_threads(std::size_t threads_max) : threads_max_(threads_max) {}

  void enqueue(std::function<void()> connection) override;
  void shutdown() override;

private:
  void work();

  const std::size_t threads_max_;
  std::mutex mutex_; // guards what follows
  std::condition_variable queued_;
  std::condition_variable taken_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace troupe::detail
