// Plain CAF actors and fibers on the same workers: what each of them costs the other.

#include <troupe/bench/workloads.hpp>
#include <troupe/runtime/carriers_on_caf.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <future>
#include <memory>
#include <set>
#include <thread>

namespace troupe::bench {

namespace {

using number = std::int64_t;

caf::actor_system& actors_of(runtime& on) { return dynamic_cast<carriers_on_caf&>(on.fibers()).actor_system(); }

/// One number sent to and fro by two CAF actors. One of them has it at a time, and with it all that is not atomic here.
struct rally {
  explicit rally(number most) noexcept : balls_max(most) {}

  double microseconds_each() const { return (last - began) * 1e6 / static_cast<double>(balls); }

  const number balls_max;
  std::atomic<bool> over{false}; // ends it earlier
  number balls = 0;
  bool right = true;
  double began = 0;
  double last = 0;
  double slowest = 0;
  std::atomic<int> players{2};
  std::promise<void> ended;
};

class player : public caf::event_based_actor {
public:
  player(caf::actor_config& config, std::shared_ptr<rally> in) : event_based_actor(config), in_(std::move(in)) {}

  caf::behavior make_behavior() override {
    return {[this](number ball, const caf::actor& other) { hit(ball, other); }, [this](bool) { quit(); }};
  }

  void on_exit() override {
    if (in_->players.fetch_sub(1) == 1)
      in_->ended.set_value();
  }

private:
  void hit(number ball, const caf::actor& other) {
    const double at = bench::now(); // an actor has a now() of its own
    in_->slowest = std::max(in_->slowest, at - in_->last);
    in_->last = at;
    in_->right = in_->right && ball == in_->balls;
    ++in_->balls;
    if (in_->balls < in_->balls_max && !in_->over.load(std::memory_order_relaxed)) // relaxed: nothing comes with it
      return send(other, in_->balls, caf::actor{this});
    send(other, true);
    quit();
  }

  std::shared_ptr<rally> in_;
};

std::shared_ptr<rally> serve(runtime& on, number balls_max) {
  auto one = std::make_shared<rally>(balls_max);
  const caf::actor left = actors_of(on).spawn<player>(one);
  const caf::actor right = actors_of(on).spawn<player>(one);
  one->began = one->last = now();
  caf::anon_send(left, number{0}, right);
  return one;
}

/// Alone with what it does, so that fibers that are busy share nothing.
struct alignas(64) busy {
  std::atomic<number> turns{0};
  std::size_t carrier = 0;
};

task<> keep_busy(const std::atomic<bool>& over, busy& seen, std::int64_t work_ns) {
  while (!over.load(std::memory_order_relaxed)) { // relaxed: nothing comes with it
    spin(work_ns);
    seen.carrier = carrier::here()->index();
    seen.turns.fetch_add(1, std::memory_order_relaxed); // relaxed: only counted
    co_await yield();
  }
}

/// A fiber for each worker, none of which ever waits.
class all_busy {
public:
  all_busy(runtime& on, std::int64_t work_ns) : fibers_(on.workers()) {
    for (busy& one : fibers_) { // fibers that are started from outside go to the carriers in turn
      roots_.push_back(make_root(on.fibers(), keep_busy, std::cref(over_), std::ref(one), work_ns));
      roots_.back()->start();
    }
    for (const busy& one : fibers_)
      while (one.turns.load(std::memory_order_relaxed) == 0)
        std::this_thread::yield();
  }
  ~all_busy() { end(); }
  all_busy(const all_busy&) = delete;
  all_busy& operator=(const all_busy&) = delete;

  /// How many carriers they kept busy.
  std::size_t end() {
    over_ = true;
    std::set<std::size_t> carriers;
    for (std::size_t i = 0; i < roots_.size(); ++i) {
      roots_[i]->wait();
      carriers.insert(fibers_[i].carrier);
    }
    return carriers.size();
  }

private:
  std::atomic<bool> over_{false};
  std::vector<busy> fibers_;
  std::vector<std::unique_ptr<root<void>>> roots_;
};

std::string text_of(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

} // namespace

measured caf_beside_fibers(runtime& on, const settings& how) {
  const std::shared_ptr<rally> alone = serve(on, how.n);
  alone->ended.get_future().wait();
  all_busy fibers{on, how.work_ns};
  const std::shared_ptr<rally> beside = serve(on, how.n);
  beside->ended.get_future().wait();
  const std::size_t carriers = fibers.end();
  const auto won = [&](const rally& one) { return one.right && one.balls == how.n; };
  return {how.n, beside->last - beside->began, won(*alone) && won(*beside),
          "alone_us=" + text_of("%.2f", alone->microseconds_each()) +
              " beside_us=" + text_of("%.2f", beside->microseconds_each()) +
              " slowest_us=" + text_of("%.0f", beside->slowest * 1e6) + " busy_carriers=" + std::to_string(carriers)};
}

measured fibers_beside_caf(runtime& on, const settings& how) {
  static_cast<void>(pipeline(on, how)); // the first run finds its memory and the cores cold
  const measured alone = pipeline(on, how);
  std::vector<std::shared_ptr<rally>> rallies;
  for (std::size_t i = 0; i < on.workers(); ++i)
    rallies.push_back(serve(on, INT64_MAX));
  const measured beside = pipeline(on, how);
  bool right = alone.right && beside.right;
  double microseconds = 0;
  for (const std::shared_ptr<rally>& one : rallies)
    one->over = true;
  for (const std::shared_ptr<rally>& one : rallies) {
    one->ended.get_future().wait();
    right = right && one->right;
    microseconds += one->microseconds_each() / static_cast<double>(rallies.size());
  }
  const auto millions = [&](const measured& of) {
    return text_of("%.1f", static_cast<double>(of.items) / of.seconds * 1e-6);
  };
  return {how.n, beside.seconds, right,
          "alone_m_per_s=" + millions(alone) + " beside_m_per_s=" + millions(beside) +
              " caf_us=" + text_of("%.2f", microseconds)};
}

} // namespace troupe::bench
