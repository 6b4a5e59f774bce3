// Carriers that a test drives by hand.

#pragma once

#include <troupe/scope/carriers.hpp>

#include <cstddef>
#include <vector>

namespace troupe::tests {

/// Carriers without threads: the test calls `work()`.
class driven_pool final : public carrier_pool {
public:
  driven_pool(time_source& time, std::size_t carriers) : carrier_pool(time, nullptr, carriers) {}
  ~driven_pool() override { drain(); }

  using carrier_pool::at;

  /// Works on all that is brought until everything is at home.
  void drain() {
    while (!brought_.empty()) {
      carrier& next = *brought_.front();
      brought_.erase(brought_.begin());
      if (next.work())
        brought_.push_back(&next);
    }
  }
  std::size_t brought() const { return brought_.size(); }
  /// Whose turn is next.
  const carrier& first_brought() const { return *brought_.front(); }

private:
  void bring(carrier& asked) noexcept override { brought_.push_back(&asked); }

  std::vector<carrier*> brought_;
};

} // namespace troupe::tests
