// (f) A proxy between a client and a server, on pipes that take fewer bytes than they are given, and are reset.

#include <tests/scenarios/all_applications.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/sleep.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace troupe::tests {

namespace {

// -- a pipe of bytes, in one direction --------------------------------------------------------------------------------

class pipe_was_reset : public std::runtime_error {
public:
  pipe_was_reset() : std::runtime_error("the pipe was reset") {}
};

/// Answered with how many bytes it has taken.
struct write_some {
  std::string bytes;
  reply<std::size_t> to;
};
/// Answered with bytes; none: no more will come.
struct read_some {
  std::size_t at_most;
  reply<std::string> to;
};
struct finish {};
struct reset_pipe {};
using pipe_message = message<write_some, read_some, finish, reset_pipe>;
using pipe_end = actor_ref<pipe_message>;

class byte_pipe {
public:
  task<> serve(inbox<pipe_message> in) {
    while (auto message = co_await in.receive()) {
      co_await message->match([this](write_some& asked) { writer_.emplace(std::move(asked)); },
                              [this](read_some& asked) { reader_.emplace(std::move(asked)); },
                              [this](finish&) { finished_ = true; }, [this](reset_pipe&) { reset_ = true; });
      move_on();
    }
  }

private:
  static constexpr std::size_t bytes_max = 6;

  void move_on() {
    if (reset_)
      return fail_all();
    if (writer_ && buffer_.size() < bytes_max) {
      const std::size_t taken = std::min(bytes_max - buffer_.size(), writer_->bytes.size());
      buffer_.append(writer_->bytes, 0, taken);
      writer_->to(taken);
      writer_.reset();
    }
    if (reader_ && (!buffer_.empty() || finished_)) {
      const std::size_t given = std::min(reader_->at_most, buffer_.size());
      reader_->to(buffer_.substr(0, given));
      buffer_.erase(0, given);
      reader_.reset();
      if (writer_)
        move_on();
    }
  }
  void fail_all() {
    if (writer_)
      writer_->to.fail(std::make_exception_ptr(pipe_was_reset{}));
    if (reader_)
      reader_->to.fail(std::make_exception_ptr(pipe_was_reset{}));
    writer_.reset();
    reader_.reset();
  }

  std::string buffer_;
  std::optional<write_some> writer_;
  std::optional<read_some> reader_;
  bool finished_ = false;
  bool reset_ = false;
};

task<> serve_pipe(inbox<pipe_message> in) {
  byte_pipe mine;
  co_await mine.serve(std::move(in));
}

// -- a client, a proxy, and a server that says what it hears ----------------------------------------------------------

class proxy_scenario final : public application {
public:
  proxy_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {}

  task<> run() override {
    co_await in_task_group([&](task_group& group) {
      std::vector<pipe_end> pipes;
      for (const char* const name : {"client-to-proxy", "proxy-to-server", "server-to-proxy", "proxy-to-client"})
        pipes.push_back(group.start_actor({.name = name, .capacity = 2}, serve_pipe));
      group.start(&proxy_scenario::pump, this, pipes, std::size_t{0}, std::size_t{1});
      group.start(&proxy_scenario::pump, this, pipes, std::size_t{2}, std::size_t{3});
      group.start(&proxy_scenario::echo, this, pipes[1], pipes[2]);
      group.start(&proxy_scenario::say, this, pipes[0]);
      group.start(&proxy_scenario::hear, this, pipes[3]);
      if (is_reset())
        group.start(&proxy_scenario::reset_one, this, pipes[seed_ % pipes.size()]);
    });
  }

  std::string problems() const override {
    std::string text;
    const auto is_beginning = [&](std::string_view who, const std::string& got) {
      if (!all_of_it().starts_with(got))
        text += std::string(who) + " got \"" + got + "\"\n";
    };
    is_beginning("the server", server_got_);
    is_beginning("the client", client_got_);
    if (client_got_.size() > server_got_.size())
      text += "the client got more than the server had\n";
    if (ended_well_ && client_got_ != all_of_it())
      text += "the end came before all bytes had: \"" + client_got_ + "\"\n";
    return text;
  }
  bool whole() const override { return ended_well_ || (is_reset() && was_reset_); }

private:
  static std::string_view all_of_it() { return "as was said, so it is heard"; }
  bool is_reset() const noexcept { return seed_ % 2 == 1; }

  /// Whoever does not get to its end resets all, so that nobody takes what came for the whole.
  static task<> reset_all(std::vector<pipe_end> pipes) {
    for (const pipe_end& each : pipes)
      co_await each.tell<reset_pipe>();
  }
  task<> pump(std::vector<pipe_end> pipes, std::size_t from, std::size_t to) {
    static_cast<void>(co_await as_outcome(in_exit_stack([&](exit_stack& stack) -> task<> {
      stack.on_failure(reset_all, pipes);
      for (;;) {
        std::string chunk = co_await pipes[from].ask<read_some>(std::size_t{4});
        if (chunk.empty())
          break;
        while (!chunk.empty()) {
          const std::size_t taken = co_await pipes[to].ask<write_some>(chunk);
          chunk.erase(0, broken_ ? chunk.size() : taken);
        }
      }
      co_await pipes[to].tell<finish>();
    })));
  }
  static task<> write_all(pipe_end to, std::string bytes) {
    while (!bytes.empty()) {
      const std::size_t taken = co_await to.ask<write_some>(bytes);
      bytes.erase(0, taken);
    }
  }

  task<> echo(pipe_end from, pipe_end to) {
    static_cast<void>(co_await as_outcome(in_exit_stack([&](exit_stack& stack) -> task<> {
      stack.on_failure(reset_all, std::vector<pipe_end>{from, to});
      for (;;) {
        std::string chunk = co_await from.ask<read_some>(std::size_t{5});
        if (chunk.empty())
          break;
        server_got_ += chunk;
        co_await sleep_for(std::chrono::microseconds{3});
        co_await write_all(to, std::move(chunk));
      }
      co_await to.tell<finish>();
    })));
  }

  task<> say(pipe_end to) {
    static_cast<void>(co_await as_outcome(in_exit_stack([&](exit_stack& stack) -> task<> {
      stack.on_failure(reset_all, std::vector<pipe_end>{to});
      co_await write_all(to, std::string(all_of_it()));
      co_await to.tell<finish>();
    })));
  }
  task<> hear(pipe_end from) {
    for (;;) {
      outcome<std::string> chunk = co_await as_outcome(from.ask<read_some>(std::size_t{7}));
      if (chunk.has_error()) {
        was_reset_ = true;
        co_return;
      }
      const std::string bytes = std::move(chunk).value();
      if (bytes.empty())
        break;
      client_got_ += bytes;
    }
    ended_well_ = true;
  }

  task<> reset_one(pipe_end whom) {
    co_await sleep_for(std::chrono::microseconds{seed_ % 20});
    co_await whom.tell<reset_pipe>();
  }

  const std::uint64_t seed_;
  const bool broken_;
  std::string server_got_;
  std::string client_got_;
  bool ended_well_ = false;
  bool was_reset_ = false;
};

} // namespace

application_kind proxy() {
  return described<proxy_scenario>(
      "proxy", "What comes out is the beginning of what went in, and all of it where the end was clean.",
      "the proxy does not look at how many bytes were taken");
}

} // namespace troupe::tests
