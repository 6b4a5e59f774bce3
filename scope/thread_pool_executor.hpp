// Fibers on threads of one's own, without CAF.

#pragma once

#include <troupe/scope/carriers.hpp>
#include <troupe/scope/offload_threads.hpp>
#include <troupe/scope/root.hpp>
#include <troupe/scope/steady_time.hpp>

#include <memory>
#include <vector>

namespace troupe {

namespace detail {

/// Base from member: the clock must be there before the executor that refers to it.
struct own_time {
  std::unique_ptr<steady_time> owned_time;
};

} // namespace detail

/// One thread for each carrier, and those of `offload`. They take no signals.
class thread_pool_executor final : private detail::own_time, public carrier_pool {
public:
  /// Starts the threads, as many as there are cores for 0, and a `steady_time` of its own.
  explicit thread_pool_executor(std::size_t threads = 0, event_sink* sink = nullptr,
                                std::size_t offload_threads_max = offload_threads_max_default);
  /// The same on a clock that is passed, and must outlive it.
  explicit thread_pool_executor(time_source& time, std::size_t threads = 0, event_sink* sink = nullptr,
                                std::size_t offload_threads_max = offload_threads_max_default);
  /// Stops its clock, waits for functions that were abandoned, without a limit, sends the carriers home and joins the
  /// threads.
  ///
  /// @pre all roots have ended
  ~thread_pool_executor() override;

  /// Runs `function(args...)` as the root of a tree and blocks until the tree has ended.
  ///
  /// @thread outside of any fiber; any number at once
  template <class Function, class... Args>
  outcome<detail::work_result_t<Function, Args...>> run(Function&& function, Args&&... args) {
    auto top = make_root(*this, std::forward<Function>(function), std::forward<Args>(args)...);
    top->start();
    top->wait();
    return top->take();
  }

  detail::offload_threads* offloads() noexcept override { return &offloads_; }

private:
  class worker;

  thread_pool_executor(std::unique_ptr<steady_time> owned, std::size_t threads, event_sink* sink,
                       std::size_t offload_threads_max);

  void start();
  void bring(carrier& brought) noexcept override;

  detail::offload_threads offloads_;
  std::vector<std::unique_ptr<worker>> workers_; // by the carrier's index
};

} // namespace troupe
