#include <troupe/scope/assert.hpp>
#include <troupe/scope/signals_masked.hpp>
#include <troupe/streams/reactor.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <thread>

namespace troupe::detail {

struct reactor::running {
  asio::io_context context{1}; // one thread runs it
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::thread thread;
};

reactor& reactor::of(executor& on) {
  TROUPE_ASSERT(on.has_sockets(), "a simulated run has no sockets: use pipe_pair()");
  return on.service<reactor>();
}

reactor::reactor(executor&) : running_(std::make_unique<running>()) {
  const signals_masked inherited;
  running_->thread = std::thread{[this] { running_->context.run(); }};
}

// By now all roots of the executor have ended, so nobody waits for a socket: a wait leaves its transport, under the lock
// of that, before its frame goes. What the thread still does after this point wakes nobody. It may be on its way out of
// having woken the last fiber, though, inside `executor::schedule`: that is why executors end their services before they
// take anything else apart.
reactor::~reactor() {
  TROUPE_ASSERT(open_ == 0, "an executor went away with open sockets: its streams and listeners must go before it");
  running_->work.reset(); // then run() returns, after what closed sockets have left to tell
  running_->thread.join();
}

asio::io_context& reactor::context() noexcept { return running_->context; }

} // namespace troupe::detail
