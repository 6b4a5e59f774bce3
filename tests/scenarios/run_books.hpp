// Which runs of children there are, and the children that the scenes of supervision share.

#pragma once

#include <tests/scenarios/findings.hpp>

#include <troupe/scope/endless_wait.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task.hpp>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::tests {

/// Which runs there are, by the name of the child.
class run_books {
public:
  void begins(const std::string& name) {
    ++alive_[name]; // perhaps beside one that was abandoned
    ++runs_[name];
  }
  void ends(const std::string& name) { --alive_[name]; }
  int runs(const std::string& name) const {
    const auto found = runs_.find(name);
    return found != runs_.end() ? found->second : 0;
  }
  findings problems() const {
    findings all;
    for (const auto& [name, alive] : alive_)
      if (alive != 0)
        all.push_back({invariant::containment, name + " is left"});
    return all;
  }

private:
  std::map<std::string, int> alive_;
  std::map<std::string, int> runs_;
};

class run_noted {
public:
  run_noted(run_books& in, std::string name) : in_(in), name_(std::move(name)) { in_.begins(name_); }
  ~run_noted() { in_.ends(name_); }
  run_noted(const run_noted&) = delete;

private:
  run_books& in_;
  const std::string name_;
};

inline task<> serves() { co_await detail::endless_wait{fiber::wait_kind::daemon, "serve"}; }

inline task<> cleans_up_for(duration takes) { co_await sleep_for(takes); }

/// Serves, and takes a while to stop.
inline task<> slow_to_stop(run_books& books, std::string name, duration takes) {
  const run_noted alive{books, name};
  co_await in_exit_stack([&](exit_stack& stack) -> task<> {
    stack.push(exit_options{.limit = std::chrono::seconds{10}}, cleans_up_for, takes);
    co_await serves();
  });
}

/// Fails in its first runs, each after a while.
inline task<> fails_often(run_books& books, std::string name, int failures, duration wait) {
  const run_noted alive{books, name};
  if (books.runs(name) > failures) {
    co_await serves();
    co_return;
  }
  co_await sleep_for(wait);
  throw std::runtime_error(name + " fails");
}

} // namespace troupe::tests
