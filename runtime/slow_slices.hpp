// Which fibers keep their thread for too long, decided from looks at what the carriers run.

#pragma once

#include <troupe/scope/carriers.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace troupe::detail {

/// A slice that has lasted too long, when it was seen last.
struct slow_slice {
  std::size_t carrier;
  carrier_sample seen;
};

/// The decisions of a watchdog, without its thread and its clock.
///
/// Each slow slice is told once. It lasts from the first look that saw it, so it has lasted longer than it is said to.
/// What its thread waited for a CPU meanwhile, because others had it, does not count: that is no fiber's doing.
/// A look that comes late says that this process, or the machine, stood still meanwhile (SIGSTOP, a debugger, too few
/// cores): nor is that, so all slices begin anew with it. Not synchronised.
class slow_slices {
public:
  /// Of one period no more are given, so that a program whose every fiber blocks can still be read. The rest is
  /// counted.
  static constexpr std::size_t reports_max = 10;
  static constexpr duration reports_period = std::chrono::seconds{5};
  /// Where nothing has run for so long, looks may stop: a program that is woken now and then does not pay for them each
  /// time.
  static constexpr duration quiet_min = std::chrono::seconds{1};

  slow_slices(duration limit, std::size_t carriers);

  /// What may pass between two looks: a slice is given when it has lasted for the limit and at most twice this.
  duration look_every() const noexcept { return look_every_; }

  /// Gives the slices that have just become slow. `now` is read after the samples.
  ///
  /// @param samples  one for each carrier, always in the same order
  /// @param waited   how long the thread of each has waited for a CPU, since it began; empty: that is not known
  std::vector<slow_slice> look(instant now, std::span<const carrier_sample> samples,
                               std::span<const std::optional<duration>> waited = {});

  /// True when looks find nothing until a carrier runs again.
  bool quiet(instant now) const noexcept { return now - active_at_ >= quiet_min; }
  /// How many slow slices were counted only, since the last call.
  std::uint64_t take_omitted() noexcept;

private:
  struct noted {
    carrier_sample seen;
    instant since{};
    std::optional<duration> waited{}; // until `since`
    bool told = false;
  };

  /// How long it has kept a CPU.
  static duration lasted(const noted& known, instant now, std::optional<duration> waited) noexcept;
  bool admit(instant now) noexcept;

  const duration limit_;
  const duration look_every_;
  std::vector<noted> carriers_;
  instant looked_at_{};
  instant active_at_{};
  instant period_ends_{};
  std::size_t reports_ = 0; // in the period
  std::uint64_t omitted_ = 0;
};

} // namespace troupe::detail
