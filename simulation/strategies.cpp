#include <troupe/simulation/strategies.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace troupe {

namespace {

/// What is told apart by a number over a run: a fiber, the timers, the functions, what else was offered, a job.
std::uint64_t key_of(const choice& of) noexcept { return of.number * 8 + static_cast<std::uint64_t>(of.kind); }

/// A run that is much longer than expected may wait for somebody whom priorities keep waiting: from here on all take
/// part.
constexpr std::size_t fair_after(std::size_t steps) noexcept { return 500 + 4 * steps; }

class random_strategy final : public search_strategy {
public:
  std::string_view name() const noexcept override { return "random"; }
  void begin_run(std::uint64_t seed, std::size_t) override { random_ = seeded_random{seed}; }
  std::size_t pick(std::span<const choice> all) override { return random_.below(all.size()); }

private:
  seeded_random random_{0};
};

/// Numbers by key, of one run after the other. Most keys are small, as fibers are numbered in the order of their start:
/// these are found by their place, so a run with thousands of fibers is none of thousands of searches a step.
template <class Value>
class map_of_run {
public:
  Value* find(std::uint64_t key) noexcept {
    if (key < small_keys_max)
      return key < small_.size() && small_[key].run == run_ ? &small_[key].value : nullptr;
    const auto known =
        std::find_if(large_.begin(), large_.end(), [key](const auto& each) { return each.first == key; });
    return known != large_.end() ? &known->second : nullptr;
  }
  Value& add(std::uint64_t key, Value value) {
    if (key >= small_keys_max)
      return large_.emplace_back(key, value).second;
    if (key >= small_.size())
      small_.resize(key + key / 2 + 64);
    small_[key] = {run_, value};
    return small_[key].value;
  }
  void clear() noexcept {
    ++run_;
    large_.clear();
  }

private:
  static constexpr std::uint64_t small_keys_max = 1U << 20U;
  struct entry {
    std::uint64_t run = 0; // in which it was added
    Value value{};
  };

  std::vector<entry> small_;
  std::vector<std::pair<std::uint64_t, Value>> large_; // what a source of steps numbers as it likes
  std::uint64_t run_ = 1;
};

class priority_strategy final : public search_strategy {
public:
  explicit priority_strategy(std::size_t depth) : depth_(depth), name_("pct" + std::to_string(depth)) {}

  std::string_view name() const noexcept override { return name_; }
  void begin_run(std::uint64_t seed, std::size_t steps) override {
    random_ = seeded_random{seed};
    priorities_.clear();
    changes_.clear();
    lowest_ = 0;
    step_ = in_a_row_ = 0;
    fair_after_ = fair_after(steps);
    for (std::size_t i = 1; i < depth_; ++i)
      changes_.push_back(random_.below(std::max<std::size_t>(steps, 1)));
  }
  std::size_t pick(std::span<const choice> all) override {
    if (step_ > fair_after_)
      return random_.below(all.size());
    std::size_t best = highest(all);
    if (std::find(changes_.begin(), changes_.end(), step_++) != changes_.end() || runs_too_long(all[best])) {
      of(all[best]) = --lowest_;
      best = highest(all);
    }
    return best;
  }

private:
  static constexpr std::size_t in_a_row_max = 100;

  std::int64_t& of(const choice& which) {
    std::int64_t* const known = priorities_.find(key_of(which));
    return known != nullptr ? *known : priorities_.add(key_of(which), static_cast<std::int64_t>(random_.next() >> 1U));
  }
  std::size_t highest(std::span<const choice> all) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < all.size(); ++i)
      if (of(all[i]) > of(all[best]))
        best = i;
    return best;
  }
  bool runs_too_long(const choice& chosen) noexcept {
    in_a_row_ = key_of(chosen) == last_ ? in_a_row_ + 1 : 0;
    last_ = key_of(chosen);
    return in_a_row_ > in_a_row_max;
  }

  const std::size_t depth_;
  const std::string name_;
  seeded_random random_{0};
  map_of_run<std::int64_t> priorities_;
  std::vector<std::size_t> changes_;
  std::int64_t lowest_ = 0;
  std::size_t step_ = 0;
  std::size_t fair_after_ = 0;
  std::size_t in_a_row_ = 0;
  std::uint64_t last_ = 0;
};

class sampling_strategy final : public search_strategy {
public:
  std::string_view name() const noexcept override { return "pos"; }
  void begin_run(std::uint64_t seed, std::size_t steps) override {
    random_ = seeded_random{seed};
    priorities_.clear();
    left_ = fair_after(steps);
  }
  std::size_t pick(std::span<const choice> all) override {
    if (left_ == 0)
      return random_.below(all.size());
    --left_;
    std::size_t best = 0;
    for (std::size_t i = 1; i < all.size(); ++i)
      if (of(all[i]) > of(all[best]))
        best = i;
    const choice chosen = all[best];
    of(chosen) = random_.next(); // its next event is another one
    if (chosen.object != 0)
      for (const choice& each : all)
        if (each.object == chosen.object)
          of(each) = random_.next();
    return best;
  }

private:
  std::uint64_t& of(const choice& which) {
    std::uint64_t* const known = priorities_.find(key_of(which));
    return known != nullptr ? *known : priorities_.add(key_of(which), random_.next());
  }

  seeded_random random_{0};
  std::size_t left_ = 0;
  map_of_run<std::uint64_t> priorities_;
};

} // namespace

std::unique_ptr<search_strategy> random_walk() { return std::make_unique<random_strategy>(); }
std::unique_ptr<search_strategy> priorities_with_changes(std::size_t depth) {
  return std::make_unique<priority_strategy>(depth);
}
std::unique_ptr<search_strategy> partial_order_sampling() { return std::make_unique<sampling_strategy>(); }

} // namespace troupe
