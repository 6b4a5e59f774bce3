// What tests of streams run on: pipes of several kinds, each in any order.

#pragma once

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>
#include <tests/streams/error_of.hpp>

#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/pipe_pair.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

struct pipe_kind {
  const char* name;
  pipe_options options;
};

inline const pipe_kind pipe_kinds[] = {
    {"a pipe", {}},
    {"a tight pipe", {.capacity = 3, .high_water = 2}},
    {"a pipe that moves a byte at a time",
     {.capacity = 64, .high_water = 32, .first_to_second = {.at_once_max = 1}, .second_to_first = {.at_once_max = 1}}},
};

/// Runs it on a pipe with these options, for no longer than an hour, which passes when nobody can go on.
template <class Function>
void on_a_pipe(const pipe_options& options, Function function) {
  simulator simulated{in_any_order()};
  const auto run = [&]() -> task<> {
    stream_pair ends = pipe_pair(options);
    co_await fail_after(std::chrono::hours{1}, function(ends));
  };
  simulated.run(run).value();
}
/// The same on one of each kind.
template <class Function>
void on_pipes(Function function) {
  for (const pipe_kind& kind : pipe_kinds) {
    INFO(kind.name);
    on_a_pipe(kind.options, function);
  }
}

enum class at_last { stays_open, ends };

/// Writes these one after the other, and each once nobody can go on without it.
inline task<> feeds(byte_stream& to, std::vector<std::string> chunks, at_last then) {
  for (const std::string& each : chunks) {
    co_await sleep_for(std::chrono::seconds{1});
    co_await to.write(each);
  }
  if (then == at_last::ends)
    to.shutdown_write();
}
/// Calls `function` with the stream at which these arrive, on a pipe of each kind.
template <class Function>
void on_fed_pipes(const std::vector<std::string>& chunks, at_last then, Function function) {
  on_pipes([&](stream_pair& ends) -> task<> {
    co_await in_task_group([&](task_group& group) {
      group.start(feeds, std::ref(ends.first), chunks, then);
      group.start([&]() -> task<> { co_await function(ends.second); });
    });
  });
}

} // namespace troupe::tests
