// What the programs of the Savina suite share: how they are run, and how they say what is wrong.

#pragma once

#include <troupe/actors/actor.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::savina {

/// How a program is run, whatever its size.
struct setting {
  std::size_t capacity = 100; ///< Of the mailbox of each actor.
  std::uint64_t seed = 1;     ///< Of what the program draws by chance.
};

/// How many actors of some kind have begun, and ended.
struct attendance {
  std::atomic<std::size_t> begun{0}, ended{0};
};

/// Lives as long as the frame of one of them.
class presence {
public:
  explicit presence(attendance& in) noexcept : in_(in) { ++in_.begun; }
  ~presence() { ++in_.ended; }
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;

private:
  attendance& in_;
};

/// What a program has found to be wrong with its own run; empty: nothing.
class findings {
public:
  void expect(bool holds, std::string_view promise) {
    if (!holds)
      wrong_.push_back("does not hold: " + std::string{promise});
  }
  void equal(std::string_view what, std::integral auto got, std::integral auto wanted) {
    if (!std::cmp_equal(got, wanted))
      wrong_.push_back(std::string{what} + ": " + std::to_string(got) + " instead of " + std::to_string(wanted));
  }

  /// All of them began and ended.
  void all_left(std::string_view who, const attendance& of, std::size_t wanted) {
    equal(std::string{who} + " that began", of.begun.load(), wanted);
    equal(std::string{who} + " that ended", of.ended.load(), wanted);
  }

  bool empty() const noexcept { return wrong_.empty(); }
  /// A line for each.
  std::string text() const {
    std::string lines;
    for (const std::string& each : wrong_)
      lines += each + '\n';
    return lines;
  }

private:
  std::vector<std::string> wrong_;
};

/// Of an actor of a program. An ask has no limit: a program that hangs is to be seen as one.
inline actor_options bounded(const setting& how) {
  return {.capacity = how.capacity, .limits = {.ask = duration::max(), .fate = duration::max()}};
}

} // namespace troupe::savina
