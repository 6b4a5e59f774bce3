// What was sent to somebody else and is on its way, where an executor decides when it comes.

#pragma once

#include <cstdint>

namespace troupe {
class executor;
}

namespace troupe::detail {

/// Sent by a fiber, and arrives as a step of its own, between the steps of fibers.
class delivery {
public:
  delivery() = default;
  delivery(const delivery&) = delete;
  delivery& operator=(const delivery&) = delete;

  /// It has come. It may have been sent again when this returns: then another arrival is due.
  ///
  /// @thread the executor's, outside of its fibers
  virtual void arrive(executor& at) noexcept = 0;
  /// Of what it comes to, as in events.
  virtual std::uint64_t number() const noexcept = 0;

  /// @name For executors: who has it; null: it is not on its way
  ///@{
  executor* carrier() const noexcept { return carrier_; }
  void set_carrier(executor* by) noexcept { carrier_ = by; }
  ///@}

protected:
  /// It comes no more.
  ~delivery();

private:
  executor* carrier_ = nullptr;
};

} // namespace troupe::detail
