// SV-17 on CAF's own actors: a signal is split into channels, each is filtered, and they are added up again.

#include "caf_programs.hpp"

#include <tests/savina/pipeline_problems.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

namespace {

/// No more will come. Whoever gets it passes it on, and ends.
using done_atom = caf::atom_constant<caf::atom("done")>;

} // namespace

// ---- SV-17 ----------------------------------------------------------------------------------------------------------

namespace {

/// Gets samples, each with its channel, and sends others to the stage after it.
class sample_stage : public caf::event_based_actor {
public:
  sample_stage(caf::actor_config& config, caf::actor onward) : event_based_actor(config), onward_(std::move(onward)) {}

  caf::behavior make_behavior() override {
    return {[this](std::size_t channel, double value) { take(channel, value); }, [this](done_atom) { no_more(); }};
  }

protected:
  void pass_on(std::size_t channel, double value) { send(onward_, channel, value); }
  void end() {
    send(onward_, done_atom::value);
    quit();
  }

private:
  virtual void take(std::size_t channel, double value) = 0;
  virtual void no_more() { end(); }

  caf::actor onward_;
};

class fir_filter : public sample_stage {
public:
  fir_filter(caf::actor_config& config, std::vector<double> coefficients, caf::actor onward)
      : sample_stage(config, std::move(onward)), response_(std::move(coefficients)) {}

private:
  void take(std::size_t channel, double value) override { pass_on(channel, response_.next(value)); }

  impulse_response response_;
};

class down_sampler : public sample_stage {
public:
  down_sampler(caf::actor_config& config, std::size_t rate, caf::actor onward)
      : sample_stage(config, std::move(onward)), rate_(rate) {}

private:
  void take(std::size_t channel, double value) override {
    if (count_++ % rate_ == 0)
      pass_on(channel, value);
  }

  std::size_t rate_, count_ = 0;
};

class up_sampler : public sample_stage {
public:
  up_sampler(caf::actor_config& config, std::size_t rate, caf::actor onward)
      : sample_stage(config, std::move(onward)), rate_(rate) {}

private:
  void take(std::size_t channel, double value) override {
    pass_on(channel, value);
    for (std::size_t i = 1; i < rate_; ++i)
      pass_on(channel, 0.0);
  }

  std::size_t rate_;
};

class sample_combiner : public sample_stage {
public:
  sample_combiner(caf::actor_config& config, std::size_t channels, caf::actor onward)
      : sample_stage(config, std::move(onward)), sums_(channels), channels_left_(channels) {}

private:
  void take(std::size_t channel, double value) override {
    if (const auto sum = sums_.add(channel, value))
      pass_on(sums_.channels(), *sum);
  }
  void no_more() override {
    if (--channels_left_ == 0)
      end();
  }

  channel_sums sums_;
  std::size_t channels_left_;
};

class sample_sink : public caf::event_based_actor {
public:
  sample_sink(caf::actor_config& config, std::vector<double>& output) : event_based_actor(config), output_(output) {}

  caf::behavior make_behavior() override {
    return {[this](std::size_t, double value) { output_.push_back(value); }, [this](done_atom) { quit(); }};
  }

private:
  std::vector<double>& output_;
};

/// Has no behavior: it ends when all is sent.
class signal_splitter : public caf::event_based_actor {
public:
  signal_splitter(caf::actor_config& config, std::vector<caf::actor> channels, std::size_t simulations)
      : event_based_actor(config), channels_(std::move(channels)), simulations_(simulations) {}

  caf::behavior make_behavior() override {
    for (std::size_t n = 0; n < simulations_; ++n)
      for (std::size_t i = 0; i < channels_.size(); ++i)
        send(channels_[i], i, input_at(n));
    for (const caf::actor& each : channels_)
      send(each, done_atom::value);
    return {};
  }

private:
  std::vector<caf::actor> channels_;
  std::size_t simulations_;
};

} // namespace

std::string filterbank(caf::actor_system& in, std::uint64_t) {
  const filter_bank_size size;
  std::vector<double> output;
  {
    const caf::actor combined = in.spawn<sample_combiner>(size.channels, in.spawn<sample_sink>(std::ref(output)));
    std::vector<caf::actor> channels;
    for (std::size_t i = 0; i < size.channels; ++i) {
      const caf::actor second = in.spawn<fir_filter>(second_coefficients(size.columns, i), combined);
      const caf::actor up = in.spawn<up_sampler>(size.channels, second);
      const caf::actor down = in.spawn<down_sampler>(size.channels, up);
      channels.push_back(in.spawn<fir_filter>(first_coefficients(size.columns, i), down));
    }
    in.spawn<signal_splitter>(std::move(channels), size.simulations);
  }
  in.await_all_actors_done();
  return judged(output, size).text();
}

} // namespace troupe::savina::on_caf
