// SV-11 and SV-13 on CAF's own actors: somebody says who may go on, and who must wait.

#include "caf_programs.hpp"

#include <tests/savina/contention_problems.hpp>

#include <troupe/simulation/random.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

// ---- SV-11: who must wait has its answer later, so nobody asks again ------------------------------------------------

namespace {

using hungry_atom = caf::atom_constant<caf::atom("hungry")>;
using sated_atom = caf::atom_constant<caf::atom("sated")>;
using eaten_atom = caf::atom_constant<caf::atom("eaten")>;

/// Ends when no philosopher refers to it any more.
class fork_arbiter : public caf::event_based_actor {
public:
  fork_arbiter(caf::actor_config& config, std::size_t forks) : event_based_actor(config), taken_(forks) {}

  caf::behavior make_behavior() override {
    return {[this](hungry_atom, std::size_t who) {
              const hungry asked{who, make_response_promise()};
              if (!serve(asked))
                waiting_.push_back(asked);
            },
            [this](sated_atom, std::size_t who) {
              taken_.give_back(who);
              for (auto each = waiting_.begin(); each != waiting_.end();)
                each = serve(*each) ? waiting_.erase(each) : std::next(each);
            }};
  }

private:
  struct hungry {
    std::size_t who;
    caf::response_promise to; // both forks are free
  };

  bool serve(hungry asked) {
    if (!taken_.take(asked.who))
      return false;
    asked.to.deliver(caf::unit);
    return true;
  }

  taken_forks taken_;
  std::deque<hungry> waiting_;
};

class dining_philosopher : public caf::event_based_actor {
public:
  dining_philosopher(caf::actor_config& config, caf::actor arbiter, std::size_t who, std::size_t rounds, table& at)
      : event_based_actor(config), arbiter_(std::move(arbiter)), who_(who), rounds_left_(rounds), at_(at) {}

  caf::behavior make_behavior() override {
    ask_for_forks();
    return {[this](eaten_atom) {
      at_.end_meal(who_);
      send(arbiter_, sated_atom::value, who_);
      if (--rounds_left_ > 0)
        ask_for_forks();
      else
        quit();
    }};
  }

private:
  void ask_for_forks() {
    request(arbiter_, caf::infinite, hungry_atom::value, who_).then([this] {
      at_.begin_meal(who_);
      send(this, eaten_atom::value); // others go on while it eats
    });
  }

  caf::actor arbiter_;
  std::size_t who_, rounds_left_;
  table& at_;
};

} // namespace

std::string philosopher(caf::actor_system& in, std::uint64_t) {
  const philosophers_size size;
  table at{size.philosophers};
  {
    const caf::actor arbiter = in.spawn<fork_arbiter>(size.philosophers);
    for (std::size_t i = 0; i < size.philosophers; ++i)
      in.spawn<dining_philosopher>(arbiter, i, size.rounds, std::ref(at));
  }
  in.await_all_actors_done();
  return judged(at, size).text();
}

// ---- SV-13 ----------------------------------------------------------------------------------------------------------

namespace {

using smoke_atom = caf::atom_constant<caf::atom("smoke")>;
using smoked_atom = caf::atom_constant<caf::atom("smoked")>;

/// Answers as soon as it smokes, and hears nothing more until it has smoked. Ends with the arbiter.
class smoker : public caf::event_based_actor {
public:
  smoker(caf::actor_config& config, std::size_t& times, smoking_books& books)
      : event_based_actor(config), times_(times), books_(books) {
    ++books_.smokers.begun;
    set_default_handler(caf::skip);
  }

  caf::behavior make_behavior() override {
    return {[this](smoke_atom, std::int64_t microseconds) {
      ++times_;
      ++books_.started;
      delayed_send(this, std::chrono::microseconds{microseconds}, smoked_atom::value);
      become(caf::keep_behavior, [this](smoked_atom) { unbecome(); });
    }};
  }

  void on_exit() override { ++books_.smokers.ended; }

private:
  std::size_t& times_;
  smoking_books& books_;
};

/// Has no behavior: it ends when it makes no further request.
class smoking_arbiter : public caf::event_based_actor {
public:
  smoking_arbiter(caf::actor_config& config, std::vector<caf::actor> smokers, std::size_t rounds, std::uint64_t seed,
                  smoking_books& books)
      : event_based_actor(config), smokers_(std::move(smokers)), rounds_(rounds), random_(seed), books_(books) {}

  caf::behavior make_behavior() override {
    next_round();
    return {};
  }

private:
  void next_round() {
    const std::size_t who = random_.below(smokers_.size());
    request(smokers_[who], caf::infinite, smoke_atom::value, static_cast<std::int64_t>(who % 20)).then([this] {
      books_.not_just_one += books_.started == books_.rounds + 1 ? 0 : 1;
      if (++books_.rounds < rounds_)
        next_round();
    });
  }

  std::vector<caf::actor> smokers_;
  std::size_t rounds_;
  seeded_random random_;
  smoking_books& books_;
};

} // namespace

std::string cigsmok(caf::actor_system& in, std::uint64_t seed) {
  const smokers_size size;
  smoking_books books{size.smokers};
  std::vector<caf::actor> smokers;
  for (std::size_t& each : books.times)
    smokers.push_back(in.spawn<smoker>(std::ref(each), std::ref(books)));
  in.spawn<smoking_arbiter>(std::move(smokers), size.rounds, seed, std::ref(books));
  in.await_all_actors_done();
  return judged(books, size, seed).text();
}

} // namespace troupe::savina::on_caf
