// Random trees of supervisors, and somebody who does them all the harm that can be done.

#pragma once

#include "children.hpp"

#include <tests/simulation/seeded_runs.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/supervision/supervised_actor.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <atomic>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe::tests {

/// What a random tree is made of, and what is wrong with it.
class nemesis {
public:
  explicit nemesis(std::uint64_t seed) : seed_(seed) {}

  /// Builds a tree, harms it, and leaves it.
  task<> run() {
    std::mt19937_64 random{seed_};
    const outcome<> ended = co_await as_outcome(branch(*this, 0, random()));
    if (ended.has_error())
      ++escalations_;
  }

  std::string problems() const {
    std::string text;
    if (runs_.alive() != 0)
      text += std::to_string(runs_.alive()) + " runs are left\n";
    if (twice_ != 0)
      text += "a child ran twice at the same time\n";
    if (accepted_ != handled_ + lost_)
      text += std::to_string(accepted_) + " messages were accepted, " + std::to_string(handled_) + " handled and " +
              std::to_string(lost_) + " lost\n";
    for (const actor_ref<orders>& each : actors_)
      if (const mailbox_statistics books = each.statistics(); books.sent != books.settled || !books.closed)
        text += "an actor is left with its messages\n";
    return text;
  }
  std::size_t runs() const { return runs_.made; }
  std::size_t escalations() const { return escalations_; }
  std::size_t handled() const { return handled_; }

private:
  static constexpr int depth_max = 2;
  /// A message to an actor of the tree: how it is handled is drawn from it.
  struct order {
    std::uint64_t seed;
  };
  struct question {
    std::uint64_t seed;
    reply<int> to;
  };
  using orders = message<order, question>;

  static void handle(nemesis& of, std::uint64_t seed) {
    if (seed % 5 == 0)
      throw std::runtime_error("it fails with a message");
    ++of.handled_;
  }
  static task<> actor(inbox<orders> in, nemesis& of) {
    const counted alive{of.runs_};
    while (auto message = co_await in.receive())
      co_await message->match([&of](order& told) { handle(of, told.seed); },
                              [](question& asked) -> task<> {
                                co_await sleep_for(std::chrono::microseconds{asked.seed % 20});
                                asked.to(1);
                              });
  }
  /// Starts an actor, and tells and asks it something.
  static task<> start_actor(nemesis& of, supervisor& top, actor_spec spec, std::mt19937_64& random) {
    spec.capacity = 1 + random() % 3;
    spec.redeliveries_max = static_cast<std::uint16_t>(random() % 3);
    spec.drains = random() % 2 == 0;
    const auto lost = on_undelivered{[&of](orders&& message, drop_reason why) {
      const bool was_told = message.visit([]<class M>(M&) { return std::is_same_v<M, order>; });
      if (was_told && was_in_the_mailbox(why))
        ++of.lost_;
    }};
    const auto started = co_await as_outcome(top.start_actor(spec, lost, actor, std::ref(of)));
    if (started.has_error())
      co_return;
    auto copy = started;
    const actor_ref<orders> ref = std::move(copy).value();
    {
      const std::lock_guard held{of.lock_};
      of.actors_.push_back(ref);
    }
    for (int i = 0; i < 5; ++i) {
      const bool is_told = ref.try_tell<order>(random()) == send_status::accepted;
      of.accepted_ += is_told ? 1 : 0;
      if (random() % 4 == 0)
        static_cast<void>(
            co_await as_outcome(move_on_after(std::chrono::microseconds{random() % 30}, ref.ask<question>(random()))));
    }
    if (random() % 8 == 0)
      ref.stop_now();
  }

  /// A child: it does something for a while, and ends in some way.
  static task<> leaf(startup up, nemesis& of, std::shared_ptr<std::atomic<int>> at_once, std::uint64_t seed) {
    const counted alive{of.runs_};
    if (++*at_once != 1)
      ++of.twice_;
    const struct leaves {
      std::atomic<int>& count;
      ~leaves() { --count; }
    } leaving{*at_once};
    std::mt19937_64 random{seed + of.runs_.made};
    if (random() % 8 == 0)
      throw std::runtime_error("it does not start");
    if (random() % 8 == 0)
      co_return;
    if (random() % 4 == 0)
      co_await yield();
    up.started();
    const auto pause = std::chrono::microseconds{random() % 50};
    switch (random() % 5) {
    case 0:
      co_await sleep_for(pause);
      throw std::runtime_error("it fails");
    case 1:
      co_await sleep_for(pause);
      co_return;
    case 2:
      static_cast<void>(co_await as_outcome(shield(pause, serving())));
      break;
    case 3:
      co_await in_exit_stack([&](exit_stack& stack) -> task<> {
        stack.push([](duration takes) -> task<> { co_await sleep_for(takes); }, duration{pause});
        co_await serving();
      });
      break;
    default:
      co_await serving();
    }
  }

  /// A supervisor, with leaves and branches.
  static task<> branch(nemesis& of, int depth, std::uint64_t seed) {
    std::mt19937_64 random{seed};
    const counted alive{of.runs_};
    const auto some = [&random](unsigned below) { return std::chrono::microseconds{random() % below}; };
    supervisor_options options;
    options.strategy = static_cast<restart_strategy>(random() % 4);
    options.intensity = random() % 20;
    options.period = std::chrono::microseconds{1 + random() % 100};
    if (random() % 2 == 0)
      options.backoff.initial = some(5);
    if (depth == 1 && random() % 4 == 0)
      options.budget = restart_budget{random() % 30, std::chrono::milliseconds{1}};
    co_await supervise(options, [&](supervisor& top) -> task<> {
      std::vector<supervised> all;
      for (int i = 0; i < 10; ++i) {
        const bool is_branch = depth < depth_max && random() % 4 == 0;
        child_spec spec;
        const std::string name = "c" + std::to_string(i);
        if (options.strategy != restart_strategy::dynamic)
          spec.name = name;
        spec.restart = static_cast<restart_type>(random() % 3);
        if (random() % 2 == 0)
          spec.shutdown = some(30);
        spec.abandon_after = some(30);
        spec.start_timeout = std::chrono::microseconds{1 + random() % 30};
        const std::uint64_t theirs = random();
        if (!is_branch && random() % 3 == 0) {
          actor_spec as_actor{.name = spec.name, .restart = spec.restart, .shutdown = spec.shutdown};
          as_actor.abandon_after = spec.abandon_after;
          co_await start_actor(of, top, as_actor, random);
        } else if (is_branch) {
          keep(all, co_await as_outcome(top.start(spec, branch, std::ref(of), depth + 1, theirs)));
        } else {
          keep(all,
               co_await as_outcome(top.start(spec, leaf, std::ref(of), std::make_shared<std::atomic<int>>(0), theirs)));
        }
        co_await harm(top, all, random);
      }
      if (random() % 2 == 0)
        co_await top.run();
    });
  }
  static void keep(std::vector<supervised>& all, outcome<supervised> started) {
    if (!started.has_error())
      all.push_back(std::move(started).value());
  }

  static task<> harm(supervisor& top, const std::vector<supervised>& all, std::mt19937_64& random) {
    if (all.empty())
      co_return;
    const supervised& chosen = all[random() % all.size()];
    const std::string& name = chosen.name();
    switch (random() % 7) {
    case 6: {
      supervisor_options changed = top.options();
      changed.intensity = random() % 20;
      changed.backoff.initial = std::chrono::microseconds{random() % 3};
      top.reconfigure(changed);
      break;
    }
    case 0:
      chosen.cancel();
      break;
    case 1:
      chosen.kill();
      break;
    case 2:
      static_cast<void>(co_await as_outcome(asked(top, &supervisor::stop, name)));
      break;
    case 3:
      static_cast<void>(co_await as_outcome(asked(top, &supervisor::restart, name)));
      break;
    case 4:
      static_cast<void>(co_await as_outcome(asked(top, &supervisor::remove, name)));
      break;
    default:
      co_await sleep_for(std::chrono::microseconds{random() % 20});
    }
  }
  static task<> asked(supervisor top, task<> (supervisor::*what)(std::string_view) const, std::string name) {
    co_await (top.*what)(name);
  }

  const std::uint64_t seed_;
  census runs_;
  std::atomic<std::size_t> escalations_{0}, twice_{0};
  std::atomic<std::size_t> accepted_{0}, handled_{0}, lost_{0}; // of orders that were told
  std::mutex lock_;
  std::vector<actor_ref<orders>> actors_;
};

} // namespace troupe::tests
