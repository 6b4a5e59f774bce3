// (s3) Asks under limits in each other, of a callee that commits in a shield.

#include <tests/scenarios/all_applications.hpp>
#include <tests/scenarios/fates.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/random.hpp>

#include <array>
#include <set>

namespace troupe::tests {

namespace {

struct write_down {
  int number;
  reply<int> to;
};
using writer_message = message<write_down>;

class nested_deadlines_scenario final : public application {
public:
  nested_deadlines_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {
    told_.fill(known::unknown);
  }

  task<> run() override {
    co_await in_task_group([&](task_group& group) {
      const auto behind = group.start_actor({.name = "writer", .capacity = 1}, write, std::ref(*this));
      const auto before = group.start_actor({.name = "desk", .capacity = 1}, forward, behind);
      for (int first = 0; first < askers; ++first)
        group.start(&nested_deadlines_scenario::ask_all, this, first, before);
    });
    ended_ = true;
  }

  std::string problems() const override {
    std::string text = wrong_;
    for (const int number : torn_)
      text += "entry " + std::to_string(number) + " was stopped between its steps, and nobody was told\n";
    for (int number = 0; number < asks; ++number)
      text += contradiction("entry", number, told_[index(number)], done_[index(number)]);
    return text;
  }
  bool whole() const override {
    int done = 0, late = 0;
    for (const known each : told_) {
      done += each == known::done ? 1 : 0;
      late += each == known::not_done ? 1 : 0;
    }
    return ended_ && done + late > 0;
  }

private:
  static constexpr int askers = 3, asks = 12;

  static std::size_t index(int number) { return static_cast<std::size_t>(number); }

  /// An entry is written in two steps, as one phase.
  static task<> write(inbox<writer_message> in, nested_deadlines_scenario& of) {
    while (auto message = co_await in.receive())
      co_await message->match([&of](write_down& asked) -> task<> {
        co_await sleep_for(std::chrono::microseconds{10});
        outcome<> ended;
        if (of.broken_)
          ended = co_await as_outcome(of.commit(asked.number));
        else
          ended = co_await as_outcome(shield(std::chrono::hours{1}, of.commit(asked.number)));
        of.torn_.erase(asked.number); // it is told so
        ended.value();
        asked.to(asked.number);
      });
  }
  task<> commit(int number) {
    const note_stop whole{*this, number};
    ++done_[index(number)];
    co_await sleep_for(std::chrono::microseconds{10});
  }
  struct note_stop {
    nested_deadlines_scenario& of;
    int number;

    note_stop(nested_deadlines_scenario& in, int which) noexcept : of(in), number(which) {}
    note_stop(const note_stop&) = delete;
    ~note_stop() {
      if (this_fiber::stopping())
        of.torn_.insert(number);
    }
  };

  /// The limits of who asks hold for what is asked on their behalf.
  static task<> forward(inbox<writer_message> in, actor_ref<writer_message> to) {
    while (auto message = co_await in.receive())
      co_await message->match([&to](write_down& asked) -> task<> {
        const int written = co_await to.ask<write_down>(asked.number);
        asked.to(written);
      });
  }

  task<> ask_all(int first, actor_ref<writer_message> at) {
    seeded_random draw{seed_ * askers + index(first)};
    for (int number = first; number < asks; number += askers) {
      const std::chrono::microseconds outer{10 + draw.below(90)}, inner{10 + draw.below(90)};
      outcome<int> ended = co_await as_outcome(fail_after(outer, limited(at, number, inner)));
      if (!ended.has_error() && std::move(ended).value() != number)
        wrong_ += "an ask got the answer to another one\n";
      told_[index(number)] = ended.has_error() ? known_after(ended.error()) : known::done;
    }
  }
  static task<int> limited(actor_ref<writer_message> at, int number, duration limit) {
    co_return co_await fail_after(limit, at.ask<write_down>(number));
  }

  const std::uint64_t seed_;
  const bool broken_;
  std::array<known, asks> told_{};
  std::array<int, asks> done_{};
  std::set<int> torn_;
  std::string wrong_;
  bool ended_ = false;
};

} // namespace

application_kind nested_deadlines() {
  return described<nested_deadlines_scenario>(
      "nested deadlines", "Who is told that something was done, or was not begun, is told the truth.",
      "what is written down is not in a shield");
}

} // namespace troupe::tests
