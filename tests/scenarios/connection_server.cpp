// (g) A server with a fiber for each connection, on streams in memory, that keeps nothing of those that have ended.

#include <tests/scenarios/all_applications.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/pipe_listener.hpp>
#include <troupe/streams/serve.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::tests {

namespace {

class connection_server_scenario final : public application {
public:
  connection_server_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {}

  task<> run() override {
    const pipe_listener network{{.capacity = 8, .high_water = 4}, clients};
    co_await in_task_group([&](task_group& group) -> task<> {
      child<> server = group.start(&connection_server_scenario::be_server, this, network);
      co_await in_task_group([&](task_group& all) {
        for (int client = 0; client < clients; ++client)
          all.start(&connection_server_scenario::be_client, this, client, network);
      });
      server.cancel();
    });
    ended_ = true;
  }

  std::string problems() const override {
    std::string text;
    if (open_ != 0)
      text += std::to_string(open_) + " connections are open at the end\n";
    if (open_max_ > connections_max)
      text += std::to_string(open_max_) + " connections were served at once\n";
    if (answers_ > handled_)
      text += std::to_string(answers_) + " answers for " + std::to_string(handled_) + " requests\n";
    return text + wrong_;
  }
  bool whole() const override { return ended_ && served_ + hung_up_ + refused_ == clients && served_ != 0; }

private:
  static constexpr int clients = 6, connections_max = 3, requests = 3;
  static constexpr std::size_t frame_bytes_max = 20;

  /// It is open from when it is served until all of that has gone.
  class open_mark {
  public:
    explicit open_mark(connection_server_scenario& of) noexcept : of_(of) {
      of_.open_max_ = std::max(of_.open_max_, ++of_.open_);
    }
    open_mark(const open_mark&) = delete;
    open_mark& operator=(const open_mark&) = delete;
    ~open_mark() {
      const bool forgets = of_.broken_ && fails_;
      of_.open_ -= forgets ? 0 : 1;
    }
    void fails() noexcept { fails_ = true; }

  private:
    connection_server_scenario& of_;
    bool fails_ = false;
  };

  /// A connection that fails is gone, and neither the server nor another connection with it.
  task<> be_server(pipe_listener network) {
    const auto handler = [this](byte_stream& over) { return keep_connection(over); };
    co_await serve(std::move(network), handler,
                   serve_options{.drain_limit = std::chrono::seconds{1}, .on_failure = [](std::exception_ptr) {}});
  }
  task<> keep_connection(byte_stream& over) {
    if (open_ >= connections_max)
      co_return; // too many: its client reads the end
    open_mark mine{*this};
    frame_reader frames{over, frame_bytes_max};
    while (std::optional<std::string> asked = co_await frames.next()) {
      co_await sleep_for(std::chrono::microseconds{10});
      if ((number_in(*asked) + seed_) % 7 == 0) {
        mine.fails();
        throw std::runtime_error("a request that it does not understand");
      }
      ++handled_;
      co_await write_frame(over, *asked);
    }
  }

  task<> be_client(int client, pipe_listener network) {
    co_await sleep_for(std::chrono::microseconds{client * 8});
    const outcome<> ended = co_await as_outcome(fail_after(std::chrono::seconds{10}, asks(client, std::move(network))));
    hung_up_ += ended.has_error() ? 1 : 0;
  }
  task<> asks(int client, pipe_listener network) {
    byte_stream over = co_await network.connect();
    frame_reader frames{over, frame_bytes_max};
    for (int i = 0; i < requests; ++i) {
      const std::string question = std::to_string(client * requests + i);
      co_await write_frame(over, question);
      const std::optional<std::string> answer = co_await frames.next();
      if (!answer) {
        ++(i == 0 ? refused_ : hung_up_);
        co_return;
      }
      ++answers_;
      if (*answer != question)
        wrong_ += "client " + std::to_string(client) + " got the answer to another request\n";
    }
    ++served_;
    co_await over.close(std::chrono::seconds{1});
  }

  static std::uint64_t number_in(const std::string& text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  const std::uint64_t seed_;
  const bool broken_;
  int open_ = 0, open_max_ = 0;
  int handled_ = 0, answers_ = 0;
  int served_ = 0, hung_up_ = 0, refused_ = 0; // clients
  bool ended_ = false;
  std::string wrong_;
};

} // namespace

application_kind connection_server() {
  return described<connection_server_scenario>(
      "connection server",
      "No more connections are served than may be, and none is left; one that fails harms no other.",
      "a connection that has failed counts as open");
}

} // namespace troupe::tests
