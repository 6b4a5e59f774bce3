// (e) A dependency that fails now and then, started anew with a backoff, and clients that ask again where that is safe.

#include <tests/scenarios/all_applications.hpp>
#include <tests/scenarios/fates.hpp>

#include <troupe/actors/retry.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/random.hpp>
#include <troupe/supervision/supervised_actor.hpp>

#include <array>
#include <stdexcept>

namespace troupe::tests {

namespace {

struct charge {
  int number;
  reply<void> to;
};
using dependency_message = message<charge>;

class flaky_dependency_scenario final : public application {
public:
  flaky_dependency_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {
    told_.fill(known::unknown);
  }

  task<> run() override {
    const supervisor_options options{.intensity = 20, .backoff = {.initial = std::chrono::milliseconds{1}}};
    co_await supervise(options, [&](supervisor& top) -> task<> {
      const auto address = co_await top.start_actor({.name = "dependency", .capacity = 2}, dependency, std::ref(*this));
      co_await in_task_group([&](task_group& clients) {
        for (int client = 0; client < clients_max; ++client)
          clients.start(&flaky_dependency_scenario::ask_all, this, client, address);
      });
    });
    ended_ = true;
  }

  std::string problems() const override {
    std::string text;
    for (int number = 0; number < charges; ++number)
      text += contradiction("charge", number, told_[index(number)], done_[index(number)]);
    return text;
  }
  bool whole() const override {
    int done = 0, told = 0;
    for (int number = 0; number < charges; ++number) {
      done += done_[index(number)];
      told += told_[index(number)] == known::done ? 1 : 0;
    }
    return ended_ && done == charges && told > 0;
  }

private:
  static constexpr int clients_max = 4, charges = 16;

  static std::size_t index(int number) { return static_cast<std::size_t>(number); }
  bool fails_with(int number) const { return seeded_random{seed_ + index(number)}.below(6) == 0; }

  /// Fails when the money is taken and nobody was told.
  static task<> dependency(inbox<dependency_message> in, flaky_dependency_scenario& of) {
    while (auto message = co_await in.receive())
      co_await message->match([&of](charge& asked) -> task<> {
        co_await sleep_for(std::chrono::microseconds{10});
        ++of.done_[index(asked.number)];
        co_await sleep_for(std::chrono::microseconds{10});
        if (of.fails_with(asked.number))
          throw std::runtime_error("it lost its connection");
        asked.to();
      });
  }

  task<> ask_all(int client, actor_ref<dependency_message> at) {
    for (int number = client; number < charges; number += clients_max) {
      outcome<> ended = co_await as_outcome(ask_once(at, number));
      if (broken_ && ended.has_error())
        ended = co_await as_outcome(ask_once(at, number));
      told_[index(number)] = ended.has_error() ? known_after(ended.error()) : known::done;
    }
  }
  static task<> ask_once(actor_ref<dependency_message> at, int number) {
    co_await retry({.attempts = 10}, [&] { return at.ask<charge>(number); });
  }

  const std::uint64_t seed_;
  const bool broken_;
  std::array<known, charges> told_{};
  std::array<int, charges> done_{};
  bool ended_ = false;
};

} // namespace

application_kind flaky_dependency() {
  return described<flaky_dependency_scenario>(
      "flaky dependency", "What is asked again after a failure is done once at most, and who was answered knows it.",
      "clients ask again after failures of what had begun");
}

} // namespace troupe::tests
