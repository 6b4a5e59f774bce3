// What the tests of exit stacks acquire, note and let fail.

#pragma once

#include <tests/simulation/any_order.hpp>

#include <troupe/scope/attached_errors.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <tests/simulation/seeded_runs.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

using namespace std::chrono_literals;

using lines = std::vector<std::string>;

/// A resource that is released by a coroutine and says when.
class desk {
public:
  desk(lines& into, std::string name) : into_(&into), name_(std::move(name)) { into_->push_back("acquire " + name_); }
  desk(desk&& other) noexcept : into_(std::exchange(other.into_, nullptr)), name_(std::move(other.name_)) {}
  desk& operator=(desk&&) = delete;
  ~desk() {
    if (into_ != nullptr)
      into_->push_back("destroy " + name_);
  }
  task<> release() {
    co_await sleep_for(1s);
    into_->push_back("release " + name_);
  }
  const std::string& name() const noexcept { return name_; }

private:
  lines* into_;
  std::string name_;
};

inline task<desk> acquire(lines& into, std::string name, duration takes = duration{}) {
  co_await sleep_for(takes);
  co_return desk{into, std::move(name)};
}

inline void note(lines& into, std::string what) { into.push_back(std::move(what)); }
inline task<> note_later(lines& into, std::string what) {
  co_await sleep_for(1s);
  into.push_back(std::move(what));
}

[[noreturn]] inline void fail(const char* why) { throw std::range_error{why}; }
inline task<> fail_later(const char* why) {
  co_await sleep_for(1s);
  throw std::range_error{why};
}

/// Runs `body` with an exit stack in a simulation.
template <class Body>
auto ended_stack(Body body) {
  simulator simulated{in_any_order()};
  return simulated.run([&] { return in_exit_stack(body); });
}

/// What the attached errors say.
inline lines attached_to(const std::exception_ptr& primary) {
  lines messages;
  for (const std::exception_ptr& each : attached_errors(primary))
    messages.push_back(message_of(each));
  return messages;
}

} // namespace troupe::tests
