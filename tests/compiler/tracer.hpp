// A value that notices when a compiler copies its bytes, destroys it twice, or forgets it.

#pragma once

#include <cstddef>
#include <set>
#include <utility>

namespace troupe::tests {

/// Which tracers exist. (It frees nothing on its own account, so a wrong destructor call is seen, not a heap
/// corruption: the answer is the same with every allocator.)
struct ledger {
  std::set<const void*> alive;
  std::size_t made = 0;
  std::size_t mistakes = 0; ///< Made where one was, used or destroyed where none was.

  bool balanced() const { return alive.empty() && mistakes == 0 && made > 0; }
};

inline ledger tracers;

/// Not trivial in any way, and no aggregate.
class tracer {
public:
  explicit tracer(int value) : value_(value) { born(); }
  tracer(const tracer& other) : value_(other.value()) { born(); }
  tracer(tracer&& other) noexcept : value_(other.value()) {
    other.value_ = -1;
    born();
  }
  tracer& operator=(const tracer& other) {
    value_ = other.value();
    return *this;
  }
  tracer& operator=(tracer&& other) noexcept {
    value_ = std::exchange(other.value_, -1);
    return *this;
  }
  ~tracer() { tracers.mistakes += 1 - tracers.alive.erase(this); }

  int value() const {
    tracers.mistakes += 1 - tracers.alive.count(this);
    return value_;
  }

private:
  void born() {
    ++tracers.made;
    tracers.mistakes += tracers.alive.insert(this).second ? 0U : 1U;
  }

  int value_;
};

} // namespace troupe::tests
