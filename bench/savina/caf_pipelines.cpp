// SV-16 and SV-18 on CAF's own actors: values flow from stage to stage.

#include "caf_programs.hpp"

#include <tests/savina/pipeline_problems.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace troupe::savina::on_caf {

namespace {

/// No more will come. Whoever gets it passes it on, and ends.
using done_atom = caf::atom_constant<caf::atom("done")>;

} // namespace

// ---- SV-16 ----------------------------------------------------------------------------------------------------------

namespace {

/// Passes on what has no such bit at once, and the rest at the end, each in the order in which it came.
class radix_stage : public caf::event_based_actor {
public:
  radix_stage(caf::actor_config& config, std::uint64_t bit, caf::actor onward)
      : event_based_actor(config), bit_(bit), onward_(std::move(onward)) {}

  caf::behavior make_behavior() override {
    return {[this](std::uint64_t value) {
              if ((value & bit_) != 0)
                ones_.push_back(value);
              else
                send(onward_, value);
            },
            [this](done_atom) {
              for (const std::uint64_t each : ones_)
                send(onward_, each);
              send(onward_, done_atom::value);
              quit();
            }};
  }

private:
  std::uint64_t bit_;
  caf::actor onward_;
  numbers ones_;
};

class number_collector : public caf::event_based_actor {
public:
  number_collector(caf::actor_config& config, numbers& all) : event_based_actor(config), all_(all) {}

  caf::behavior make_behavior() override {
    return {[this](std::uint64_t value) { all_.push_back(value); }, [this](done_atom) { quit(); }};
  }

private:
  numbers& all_;
};

/// Has no behavior: it ends when all is sent.
class number_source : public caf::event_based_actor {
public:
  number_source(caf::actor_config& config, const numbers& values, caf::actor onward)
      : event_based_actor(config), values_(values), onward_(std::move(onward)) {}

  caf::behavior make_behavior() override {
    for (const std::uint64_t each : values_)
      send(onward_, each);
    send(onward_, done_atom::value);
    return {};
  }

private:
  const numbers& values_;
  caf::actor onward_;
};

} // namespace

std::string radixsort(caf::actor_system& in, std::uint64_t seed) {
  const radix_sort_size size;
  const numbers input = input_of(size, seed);
  numbers output;
  caf::actor stage = in.spawn<number_collector>(std::ref(output));
  for (unsigned bit = size.bits; bit-- > 0;) // from the end of the pipeline, which has the highest bit
    stage = in.spawn<radix_stage>(std::uint64_t{1} << bit, std::move(stage));
  in.spawn<number_source>(std::cref(input), std::move(stage));
  in.await_all_actors_done();
  return judged(output, input).text();
}

// ---- SV-18 ----------------------------------------------------------------------------------------------------------

namespace {

/// Keeps the first primes that come, and sends on what none of them divides to a stage that it spawns for that.
class sieve_stage : public caf::event_based_actor {
public:
  sieve_stage(caf::actor_config& config, std::size_t primes_max, sieve_books& books)
      : event_based_actor(config), primes_max_(primes_max), kept_(primes_max), books_(books) {
    ++books_.stages.begun;
  }

  caf::behavior make_behavior() override {
    return {[this](std::uint64_t candidate) { take(candidate); },
            [this](done_atom) {
              kept_.enter_in(books_);
              if (onward_)
                send(onward_, done_atom::value);
              quit();
            }};
  }

  void on_exit() override { ++books_.stages.ended; }

private:
  void take(std::uint64_t candidate) {
    if (!kept_.pass_on(candidate))
      return;
    if (!onward_)
      onward_ = spawn<sieve_stage>(primes_max_, std::ref(books_));
    send(onward_, candidate);
  }

  std::size_t primes_max_;
  kept_primes kept_;
  sieve_books& books_;
  caf::actor onward_;
};

/// Has no behavior: it ends when all is sent.
class candidate_source : public caf::event_based_actor {
public:
  candidate_source(caf::actor_config& config, std::uint64_t below, caf::actor onward)
      : event_based_actor(config), below_(below), onward_(std::move(onward)) {}

  caf::behavior make_behavior() override {
    send(onward_, std::uint64_t{2});
    for (std::uint64_t each = 3; each < below_; each += 2)
      send(onward_, each);
    send(onward_, done_atom::value);
    return {};
  }

private:
  std::uint64_t below_;
  caf::actor onward_;
};

} // namespace

std::string sieve(caf::actor_system& in, std::uint64_t) {
  const sieve_size size;
  sieve_books books;
  in.spawn<candidate_source>(size.below, in.spawn<sieve_stage>(size.primes_max, std::ref(books)));
  in.await_all_actors_done();
  return judged(books, size).text();
}

} // namespace troupe::savina::on_caf
