// What the checks of streams are made of. They throw where something does not hold, so that they run on any thread.

#pragma once

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/byte_stream.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::tests {

/// What has not happened after so long waits.
inline constexpr duration moment = std::chrono::milliseconds{20};
inline constexpr duration second = std::chrono::seconds{1};

inline void must(bool holds, const std::string& sentence) {
  if (!holds)
    throw std::logic_error("it does not hold that " + sentence);
}

template <class Error>
bool is_a(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// Awaits what must end with an error of this kind.
template <class Error, class T>
task<> fails_with(task<T> operation, std::string_view sentence) {
  const auto ended = co_await as_outcome(std::move(operation));
  must(ended.has_error() && is_a<Error>(ended.error()), std::string{sentence});
}
/// The same for what does not suspend.
template <class Error, class Function>
void throws(Function function, const std::string& sentence) {
  try {
    function();
  } catch (const Error&) {
    return;
  }
  must(false, sentence);
}

/// Whether it has not ended after a moment. Then it is cancelled.
inline task<bool> waits(task<> operation) {
  const bool ended = co_await move_on_after(moment, std::move(operation));
  co_return !ended;
}

/// One that is cancelled before it begins, and must not be passed.
template <class T>
task<> cancelled(task<T> operation) {
  bool was_passed = false;
  co_await in_task_group([&](task_group& group) -> task<> {
    group.cancel();
    co_await std::move(operation);
    was_passed = true;
  });
  must(!was_passed, "each operation looks for a cancel before it does anything");
}

/// One that is to wait, and gets nothing but a cancel.
template <class T>
task<> waits_until_cancelled(task<T> operation) {
  const auto ended = co_await move_on_after(moment, std::move(operation));
  must(!ended, "it waits");
}

/// Runs both at once: one, whichever comes second, must be told that the stream is busy. The other one is cancelled.
template <class One, class Other>
task<> one_is_busy(task<One> one, task<Other> other) {
  std::atomic<int> told = 0;
  co_await in_task_group([&](task_group& group) {
    group.start([&]() -> task<> {
      co_await fails_with<stream_busy>(std::move(one), "two who do the same get stream_busy");
      ++told;
      group.cancel();
    });
    group.start([&]() -> task<> {
      co_await fails_with<stream_busy>(std::move(other), "two who do the same get stream_busy");
      ++told;
      group.cancel();
    });
  });
  must(told == 1, "one of two who do the same is told so, and the other one waits");
}

inline task<> writes(byte_stream& to, std::string_view text) {
  const std::size_t accepted = co_await to.write(text);
  must(accepted == text.size(), "a write says that all was accepted");
}
/// What there is, so many bytes at most.
inline task<std::string> some_of(byte_stream& from, std::size_t bytes) {
  std::string come(bytes, '\0');
  come.resize(co_await from.read_some(std::as_writable_bytes(std::span{come})));
  co_return come;
}
/// Reads what must be there, byte by byte.
inline task<> reads(byte_stream& from, std::string_view expected) {
  for (const char each : expected) {
    const std::string come = co_await some_of(from, 1);
    must(come == std::string{each}, "what is read is what was written");
  }
}
inline task<> reads_end(byte_stream& from) {
  const std::string come = co_await some_of(from, 10);
  must(come.empty(), "the stream ends here");
  must(from.at_end(), "a stream that has ended says so");
}
inline task<> closes(byte_stream& which) {
  const std::size_t dropped = co_await which.close(second);
  must(dropped == 0, "a close drops nothing");
  must(!which.is_open(), "a stream that was closed says so");
}

/// Writes until the connection is gone, as it must be soon.
inline task<> writes_until_reset(byte_stream& to) {
  const std::string some(100, 'x');
  for (;;) {
    const auto ended = co_await as_outcome(to.write(some));
    if (ended.has_value())
      continue;
    must(is_a<peer_reset>(ended.error()), "who writes to nobody gets peer_reset");
    co_return;
  }
}
/// Reads until nothing more comes, however the connection ends; says how many bytes.
inline task<std::size_t> reads_all(byte_stream& from) {
  std::size_t all = 0;
  for (;;) {
    const std::string come = co_await some_of(from, 16'384);
    if (come.empty())
      co_return all;
    all += come.size();
  }
}

} // namespace troupe::tests
