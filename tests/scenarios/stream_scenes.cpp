#include "standard_scenes.hpp"

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/pipe_pair.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::tests {

namespace {

using namespace std::chrono_literals;

/// What one side has sent, as whole messages, and what the other one has received.
class message_books {
public:
  std::string next() { return "message " + std::to_string(begun_++); }
  void received(const std::string& message) {
    if (message != "message " + std::to_string(received_++))
      wrong_ = "received \"" + message + "\" where message " + std::to_string(received_ - 1) + " was next";
  }
  findings problems() const {
    if (!wrong_.empty())
      return {{invariant::bytes, wrong_}};
    if (received_ > begun_)
      return {{invariant::bytes, "more messages were received than sent"}};
    return {};
  }

private:
  int begun_ = 0;
  int received_ = 0;
  std::string wrong_;
};

/// Resets the connection where whoever has it is stopped or fails: else the other side would wait for ever.
class until_done {
public:
  explicit until_done(byte_stream& of) noexcept : of_(of) {}
  ~until_done() {
    if (!is_done_)
      of_.abort();
  }
  until_done(const until_done&) = delete;
  until_done& operator=(const until_done&) = delete;

  void done() noexcept { is_done_ = true; }

private:
  byte_stream& of_;
  bool is_done_ = false;
};

task<> sends(byte_stream& to, message_books& books, int messages) {
  until_done holds{to};
  for (int i = 0; i < messages; ++i) {
    const std::string message = books.next();
    co_await write_line(to, message);
  }
  to.shutdown_write();
  holds.done();
  static_cast<void>(co_await as_outcome(to.write("too late\n")));
}

task<> receives(byte_stream& from, message_books& books) {
  until_done holds{from};
  line_reader lines{from, 30};
  for (;;) {
    const std::optional<std::string> line = co_await lines.next();
    if (!line) {
      holds.done();
      co_return;
    }
    books.received(*line);
  }
}

task<> closes(byte_stream& what) { co_await what.close(1s); }

/// Both sides send and receive at a time, through little room; then both close.
class conversation final : public scene {
public:
  task<> run() override {
    stream_pair ends = pipe_pair({.capacity = 7, .high_water = 5});
    co_await in_task_group([&](task_group& group) {
      group.start(sends, std::ref(ends.first), std::ref(there_), 3);
      group.start(receives, std::ref(ends.second), std::ref(there_));
      group.start(sends, std::ref(ends.second), std::ref(back_), 3);
      group.start(receives, std::ref(ends.first), std::ref(back_));
    });
    co_await in_task_group([&](task_group& group) {
      group.start(closes, std::ref(ends.first));
      group.start(closes, std::ref(ends.second));
    });
  }
  findings problems() const override { return there_.problems() + back_.problems(); }

private:
  message_books there_, back_;
};

/// One closes, resets, or goes away while the other one waits in a read and in a write; and afterwards tries again.
class partings final : public scene {
public:
  task<> run() override {
    for (const how way : {how::close, how::abort, how::reset, how::cut, how::own_close})
      co_await part(way);
  }
  findings problems() const override { return problems_; }

private:
  enum class how { close, abort, reset, cut, own_close };

  task<> part(how way) {
    pipe_options options{.capacity = 3, .high_water = 2};
    if (way == how::reset)
      options.first_to_second.resets_at = 9;
    if (way == how::cut)
      options.second_to_first.ends_at = 0;
    stream_pair ends = pipe_pair(options);
    co_await in_task_group([&](task_group& group) {
      group.start(until_refused, std::ref(ends.first), std::ref(problems_));
      group.start(until_over, std::ref(ends.first));
      group.start(leaves, std::ref(ends), way);
    });
  }
  static task<> until_refused(byte_stream& to, findings& problems) {
    const until_done holds{to};
    bool is_refused = false;
    for (int i = 0; i < 20; ++i) {
      try {
        const bool written = (co_await move_on_after(10s, to.write("four"))).has_value();
        if (written && is_refused)
          problems.push_back({invariant::bytes, "a write was accepted after one had been refused"});
      } catch (const stream_error&) {
        if (is_refused)
          co_return;
        is_refused = true;
      }
    }
  }
  static task<> until_over(byte_stream& from) {
    std::array<std::byte, 8> some{};
    for (int i = 0; i < 10; ++i) {
      auto read = co_await as_outcome(move_on_after(10s, from.read_some(some)));
      if (!read.has_error() && read.value() && *read.value() == 0)
        co_return;
    }
  }
  static task<> leaves(stream_pair& ends, how way) {
    const until_done holds{ends.second};
    std::array<std::byte, 8> some{};
    const std::size_t read = co_await ends.second.read_some(some);
    static_cast<void>(read);
    co_await sleep_for(1s);
    if (way == how::close)
      co_await ends.second.close(1s);
    else if (way == how::abort)
      ends.second.abort();
    else if (way == how::own_close)
      co_await ends.first.close(1s);
    else
      co_await sleep_for(1s);
    while (way == how::reset || way == how::cut) {
      auto more = co_await as_outcome(move_on_after(20s, ends.second.read_some(some)));
      if (more.has_error() || !more.value())
        co_return;
    }
  }

  findings problems_;
};

/// One gives up waiting for a stream, and does something else when what it waited for comes.
class impatience final : public scene {
public:
  task<> run() override {
    stream_pair ends = pipe_pair({.capacity = 3, .high_water = 2});
    co_await in_task_group([&](task_group& group) {
      group.start(gives_up, std::ref(ends.first), std::ref(problems_));
      group.start(comes_later, std::ref(ends.second));
    });
  }
  findings problems() const override { return problems_; }

private:
  static task<> gives_up(byte_stream& on, findings& problems) {
    std::array<std::byte, 8> some{};
    static_cast<void>(co_await as_outcome(move_on_after(1s, on.read_some(some))));
    co_await sleeps(problems);
    static_cast<void>(co_await as_outcome(move_on_after(1s, on.write("more than there is room for"))));
    co_await sleeps(problems);
  }
  static task<> sleeps(findings& problems) {
    const time_source& clock = this_fiber::pointer()->runs_on().time();
    const instant from = clock.now();
    co_await sleep_for(5s);
    if (clock.now() < from + 5s)
      problems.push_back({invariant::deadline, "a sleep was ended by a stream that its fiber had waited for before"});
  }
  static task<> comes_later(byte_stream& to) {
    std::array<std::byte, 8> some{};
    for (int i = 0; i < 8; ++i) {
      co_await sleep_for(1500ms);
      static_cast<void>(co_await as_outcome(move_on_after(100ms, to.write("!"))));
      static_cast<void>(co_await as_outcome(move_on_after(100ms, to.read_some(some))));
    }
  }

  findings problems_;
};

/// Passes on what comes, and the end of it.
class relay final : public scene {
public:
  task<> run() override {
    stream_pair near = pipe_pair({.capacity = 5, .high_water = 4});
    stream_pair far = pipe_pair({.capacity = 4, .high_water = 5, .first_to_second = {.at_once_max = 3}});
    co_await in_task_group([&](task_group& group) {
      group.start(sends, std::ref(near.first), std::ref(books_), 4);
      group.start(passes_on, std::ref(near.second), std::ref(far.first));
      group.start(receives, std::ref(far.second), std::ref(books_));
    });
  }
  findings problems() const override { return books_.problems(); }

private:
  static task<> passes_on(byte_stream& from, byte_stream& to) {
    until_done hears{from};
    until_done tells{to};
    std::array<std::byte, 16> some{};
    for (;;) {
      const std::size_t come = co_await from.read_some(some);
      if (come == 0)
        break;
      co_await to.write(std::span{some}.first(come));
    }
    co_await to.close(5s);
    hears.done();
  }

  message_books books_;
};

} // namespace

std::vector<scene_kind> stream_scenes() {
  return {
      {"conversation", "Two who write lines to each other at a time, through a pipe with little room.",
       make_scene<conversation>},
      {"partings", "Ends of a connection, from either side, while the other one reads and writes.",
       make_scene<partings>},
      {"impatience", "Waits for a stream that are given up just before what they were for comes.",
       make_scene<impatience>},
      {"relay", "Bytes that pass through somebody, and the end of them.", make_scene<relay>},
  };
}

} // namespace troupe::tests
