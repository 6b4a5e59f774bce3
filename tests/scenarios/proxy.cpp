// (f) A proxy between a client and a server, on streams in memory that take few bytes at a time, and are reset.

#include <tests/scenarios/all_applications.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/pipe_pair.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iterator>
#include <span>
#include <string>

namespace troupe::tests {

namespace {

/// A client, a proxy, and a server that says what it hears.
class proxy_scenario final : public application {
public:
  proxy_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {}

  task<> run() override {
    stream_pair outside = pipe_pair(window(0)); // from the client to the proxy
    stream_pair inside = pipe_pair(window(1));  // from the proxy to the server
    // Its limit is for who was stopped before he could tell the others.
    static_cast<void>(co_await as_outcome(fail_after(std::chrono::minutes{1}, all_of(outside, inside))));
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

  /// Of one of the two pairs; on one of the four ways there is a reset.
  pipe_options window(std::uint64_t which) const {
    pipe_options made{.capacity = 4, .high_water = 2};
    const std::uint64_t way = seed_ / 2 % 4;
    if (is_reset() && way / 2 == which)
      (way % 2 == 0 ? made.first_to_second : made.second_to_first).resets_at = 5 + seed_ % 20;
    return made;
  }

  task<> all_of(stream_pair& outside, stream_pair& inside) {
    co_await in_task_group([&](task_group& group) {
      group.start(&proxy_scenario::pump, this, std::ref(outside.second), std::ref(inside.first));
      group.start(&proxy_scenario::pump, this, std::ref(inside.first), std::ref(outside.second));
      group.start(&proxy_scenario::echo, this, std::ref(inside.second));
      group.start(&proxy_scenario::say, this, std::ref(outside.first));
      group.start(&proxy_scenario::hear, this, std::ref(outside.first));
    });
  }

  /// Whoever does not get to its end resets what it has, so that nobody takes what came for the whole.
  static task<> or_reset(task<> work, byte_stream& one, byte_stream& other) {
    static_cast<void>(co_await as_outcome(in_exit_stack([&](exit_stack& stack) -> task<> {
      stack.on_failure([&] {
        one.abort();
        other.abort();
      });
      co_await std::move(work);
    })));
  }

  task<> pump(byte_stream& from, byte_stream& to) { return or_reset(passes_on(from, to), from, to); }
  task<> echo(byte_stream& over) { return or_reset(repeats(over), over, over); }
  task<> say(byte_stream& over) { return or_reset(speaks(over), over, over); }
  task<> hear(byte_stream& over) { return or_reset(listens(over), over, over); }

  task<> passes_on(byte_stream& from, byte_stream& to) {
    std::array<std::byte, 4> chunk{};
    for (;;) {
      const std::size_t came = co_await from.read_some(chunk);
      if (came == 0)
        break;
      const std::size_t passed_on = broken_ ? (came + 1) / 2 : came;
      co_await to.write(std::span<const std::byte>(chunk).first(passed_on));
    }
    to.shutdown_write();
  }
  task<> repeats(byte_stream& over) {
    std::array<std::byte, 5> chunk{};
    for (;;) {
      const std::size_t came = co_await over.read_some(chunk);
      if (came == 0)
        break;
      server_got_ += text_of(std::span<const std::byte>(chunk).first(came));
      co_await sleep_for(std::chrono::microseconds{3});
      co_await over.write(std::span<const std::byte>(chunk).first(came));
    }
    over.shutdown_write();
  }
  static task<> speaks(byte_stream& over) {
    co_await over.write(all_of_it());
    over.shutdown_write();
  }
  task<> listens(byte_stream& over) {
    std::array<std::byte, 7> chunk{};
    was_reset_ = true; // until it has come to the end
    for (;;) {
      const std::size_t came = co_await over.read_some(chunk);
      if (came == 0)
        break;
      client_got_ += text_of(std::span<const std::byte>(chunk).first(came));
    }
    was_reset_ = false;
    ended_well_ = true;
  }

  static std::string text_of(std::span<const std::byte> bytes) {
    std::string text;
    std::transform(bytes.begin(), bytes.end(), std::back_inserter(text),
                   [](std::byte each) { return static_cast<char>(each); });
    return text;
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
      "the proxy passes on half of what it has read");
}

} // namespace troupe::tests
