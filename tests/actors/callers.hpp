// Actors that ask each other along a path, for the tests of cycles.

#pragma once

#include <troupe/actors/actor.hpp>

#include <tests/failures.hpp>
#include <tests/scope/waits.hpp>

#include <troupe/scope/as_outcome.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

/// Asks the first of `path` to go on along the rest.
struct call {
  std::vector<std::size_t> path;
  reply<std::string> to;
};
/// Fills a mailbox.
struct filler {};
/// Takes its time, and asks nobody.
struct nap {
  duration takes;
};
using caller_message = message<call, filler, nap>;
using caller_ref = actor_ref<caller_message>;
using callers = std::vector<caller_ref>; // "a", "b", ...

/// A path. (A call, because g++ 12 makes no list in an expression that awaits.)
inline std::vector<std::size_t> along(auto... steps) { return {static_cast<std::size_t>(steps)...}; }

/// "end", or what the last of the path has met.
inline task<std::string> called(const callers& all, std::vector<std::size_t> path) {
  if (path.empty())
    co_return "end";
  const std::size_t next = path.front();
  path.erase(path.begin());
  outcome<std::string> answered = co_await as_outcome(all[next].ask<call>(std::move(path)));
  co_return answered.has_error() ? message_of(answered.error()) : std::move(answered).value();
}

inline task<> caller(inbox<caller_message> in, const callers& all) {
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](call& asked) -> task<> {
          std::string answer = co_await called(all, asked.path);
          asked.to(std::move(answer));
        },
        [](filler&) {}, [](nap& told) -> task<> { co_await sleep_for(told.takes); });
}

/// Starts callers with these capacities.
inline void start_callers(task_group& group, callers& all, const std::vector<std::size_t>& capacities) {
  all.reserve(capacities.size());
  for (const std::size_t capacity : capacities) {
    const std::string name(1, static_cast<char>('a' + all.size()));
    all.push_back(group.start_actor({.name = name, .capacity = capacity}, caller, std::cref(all)));
  }
}

inline std::string never_ends(const std::string& cycle) {
  return "ask: would_deadlock: this wait would never end, because each of these waits for the next one: " + cycle;
}

} // namespace troupe::tests
