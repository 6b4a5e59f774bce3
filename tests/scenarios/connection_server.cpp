// (g) A server with an actor for each connection, in a group that keeps nothing of those that have ended.

#include <tests/scenarios/all_applications.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/sleep.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace troupe::tests {

namespace {

struct request {
  int number;
  reply<int> to;
};
using connection_message = message<request>;
using connection_ref = actor_ref<connection_message>;

struct connect_to {
  reply<connection_ref> to;
};
using listener_message = message<connect_to>;

class too_many_connections : public std::runtime_error {
public:
  too_many_connections() : std::runtime_error("too many connections") {}
};

class connection_server_scenario final : public application {
public:
  connection_server_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {}

  task<> run() override {
    co_await in_task_group([&](task_group& group) {
      const auto at = group.start_actor({.name = "listener", .capacity = 2}, listen, std::ref(*this));
      for (int client = 0; client < clients; ++client)
        group.start(&connection_server_scenario::be_client, this, client, at);
    });
    ended_ = true;
  }

  std::string problems() const override {
    std::string text;
    if (open_ != 0)
      text += std::to_string(open_) + " connections are open at the end\n";
    if (open_max_ > connections_max)
      text += std::to_string(open_max_) + " connections were open at once\n";
    if (answers_ > handled_)
      text += std::to_string(answers_) + " answers for " + std::to_string(handled_) + " requests\n";
    return text + wrong_;
  }
  bool whole() const override { return ended_ && served_ + hung_up_ + refused_ == clients && served_ != 0; }

private:
  static constexpr int clients = 6, connections_max = 3, requests = 3;

  static task<> listen(inbox<listener_message> in, connection_server_scenario& of) {
    co_await in_task_group([&](task_group& connections) -> task<> {
      while (auto message = co_await in.receive())
        co_await message->match([&](connect_to& asked) {
          if (of.open_ >= connections_max)
            asked.to.fail(std::make_exception_ptr(too_many_connections{}));
          else
            connections.start(&connection_server_scenario::keep_connection, &of, std::move(asked.to),
                              std::make_unique<open_mark>(of));
        });
    });
  }

  /// It is open from when it was accepted until all of it has gone.
  class open_mark {
  public:
    explicit open_mark(connection_server_scenario& of) noexcept : of_(of) {
      of_.open_max_ = std::max(of_.open_max_, ++of_.open_);
    }
    open_mark(const open_mark&) = delete;
    open_mark& operator=(const open_mark&) = delete;
    ~open_mark() {
      const bool forgets = of_.broken_ && std::exchange(of_.a_connection_failed_, false);
      of_.open_ -= forgets ? 0 : 1;
    }

  private:
    connection_server_scenario& of_;
  };

  /// One that fails is gone, and neither the server nor another connection with it.
  task<> keep_connection(reply<connection_ref> to, std::unique_ptr<open_mark>) {
    const outcome<> ended = co_await as_outcome(in_task_group(
        [&](task_group& own) { to(own.start_actor({.name = "connection", .capacity = 1}, serve, std::ref(*this))); }));
    a_connection_failed_ = ended.has_error();
  }
  static task<> serve(inbox<connection_message> in, connection_server_scenario& of) {
    while (auto message = co_await in.receive())
      co_await message->match([&](request& asked) -> task<> {
        co_await sleep_for(std::chrono::microseconds{10});
        if ((static_cast<std::uint64_t>(asked.number) + of.seed_) % 7 == 0)
          throw std::runtime_error("a request that it does not understand");
        ++of.handled_;
        asked.to(asked.number);
      });
  }

  task<> be_client(int client, actor_ref<listener_message> at) {
    co_await sleep_for(std::chrono::microseconds{client * 8});
    outcome<connection_ref> accepted = co_await as_outcome(at.ask<connect_to>());
    if (accepted.has_error()) {
      ++refused_;
      co_return;
    }
    const connection_ref mine = std::move(accepted).value();
    for (int i = 0; i < requests; ++i) {
      const int number = client * requests + i;
      outcome<int> answer = co_await as_outcome(mine.ask<request>(number));
      if (answer.has_error()) {
        ++hung_up_;
        co_return;
      }
      ++answers_;
      if (std::move(answer).value() != number)
        wrong_ += "client " + std::to_string(client) + " got the answer to another request\n";
    }
    ++served_;
  }

  const std::uint64_t seed_;
  const bool broken_;
  int open_ = 0, open_max_ = 0;
  int handled_ = 0, answers_ = 0;
  int served_ = 0, hung_up_ = 0, refused_ = 0; // clients
  bool a_connection_failed_ = false;
  bool ended_ = false;
  std::string wrong_;
};

} // namespace

application_kind connection_server() {
  return described<connection_server_scenario>(
      "connection server", "No more connections are open than may be, and none is left; one that fails harms no other.",
      "a connection that has failed counts as open");
}

} // namespace troupe::tests
