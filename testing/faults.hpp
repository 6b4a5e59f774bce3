// What a test lets go wrong.

#pragma once

#include <troupe/scope/assert.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// A way in which something goes wrong.
enum class fault : std::uint8_t {
  crash,         ///< A wait of a fiber throws `injected_fault`, as if the code before it had failed.
  cancel,        ///< A fiber, or the run of a supervised child, is cancelled.
  cancel_all,    ///< The whole tree is.
  overflow,      ///< A send finds no room in a mailbox that refuses or drops what has none.
  deadline,      ///< The earliest of the limits around a fiber passes, while the fiber is ready to run.
  hang,          ///< A finalizer, or the wait for the fate of an ask, does not end before its limit.
  failing_start, ///< A supervised child does not start.
  fault_point,   ///< A `fault_point` of the program throws.
  reset,         ///< A stream in memory finds its connection gone.
};
inline constexpr std::size_t faults_count = 9;

/// The fault's name, as in the enumeration.
std::string_view to_string(fault what) noexcept;

/// Some kinds of fault.
class fault_set {
public:
  constexpr fault_set(fault one) noexcept : bits_(bit(one)) {} // NOLINT(google-explicit-constructor): `sweep(crash, …)`
  constexpr fault_set(std::initializer_list<fault> all) noexcept {
    for (const fault each : all)
      bits_ |= bit(each);
  }
  constexpr bool has(fault one) const noexcept { return (bits_ & bit(one)) != 0; }
  friend constexpr bool operator==(const fault_set&, const fault_set&) noexcept = default;
  friend constexpr fault_set operator|(fault_set a, fault_set b) noexcept {
    a.bits_ |= b.bits_;
    return a;
  }

private:
  static constexpr unsigned bit(fault one) noexcept { return 1U << static_cast<unsigned>(one); }

  unsigned bits_ = 0;
};

inline constexpr fault_set all_faults{fault::crash,         fault::cancel,      fault::cancel_all,
                                      fault::overflow,      fault::deadline,    fault::hang,
                                      fault::failing_start, fault::fault_point, fault::reset};

/// One fault, at the `at`-th opportunity for it in a run, counted from 0.
struct swept_fault {
  fault what = fault::crash;
  std::uint64_t at = 0;

  /// "crash@17".
  std::string text() const;
  /// @throws std::invalid_argument
  static swept_fault parse(std::string_view text);

  friend bool operator==(const swept_fault&, const swept_fault&) = default;
};

/// A fault that may strike whenever it can. Where nothing else is said, whether and when it does is a choice of the
/// schedule like any other, and it does once. An opportunity is one for that fault and that place: a fault point that is
/// reached, a start, a send, a step of the fiber.
class armed_fault {
public:
  armed_fault(fault what, std::string_view where) : what_(what), where_(where) {}

  /// So often at most. Said last, where there is a plan.
  armed_fault& times(std::size_t most) noexcept {
    times_ = most;
    return *this;
  }
  /// At each opportunity.
  armed_fault& always() noexcept { return planned(plan::every, no_limit); }
  /// At that opportunity alone, counted from 1.
  armed_fault& nth(std::uint64_t which) {
    TROUPE_ASSERT(which != 0, "armed_fault::nth() counts from 1");
    nth_ = which;
    return planned(plan::one, 1);
  }
  /// At each opportunity with this probability, from 0 to 1, as it is drawn from `simulation::seed()`.
  armed_fault& with_probability(double part) {
    TROUPE_ASSERT(part >= 0 && part <= 1, "armed_fault::with_probability() takes a number from 0 to 1");
    part_ = part;
    return planned(plan::chance, no_limit);
  }
  /// At each of the first so many opportunities, and then no more: what has failed for a while.
  armed_fault& recovers_after(std::size_t failures) noexcept { return planned(plan::every, failures); }

  fault what() const noexcept { return what_; }
  std::size_t times_left() const noexcept { return times_; }
  void strike() noexcept {
    --times_;
    has_struck_ = true;
  }
  bool has_struck() const noexcept { return has_struck_; }
  /// It was given a name.
  bool is_aimed() const noexcept { return !where_.empty(); }
  /// "crash of worker".
  std::string text() const;
  /// Nothing of it is left to the schedule.
  bool is_planned() const noexcept { return plan_ != plan::none; }
  /// By a random number.
  bool is_drawn() const noexcept { return plan_ == plan::chance; }
  /// Here is an opportunity. Whether it strikes, as planned.
  ///
  /// @param random  bits
  bool strikes(std::uint64_t random) noexcept;
  /// Whether it concerns what has this path: the one that it was given, or one that ends with it after a '/'.
  bool concerns(std::string_view path) const noexcept;

private:
  enum class plan : std::uint8_t { none, every, one, chance };
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  armed_fault& planned(plan how, std::size_t most) noexcept {
    plan_ = how;
    times_ = most;
    return *this;
  }

  fault what_;
  std::string where_;
  std::size_t times_ = 1;
  plan plan_ = plan::none;
  double part_ = 0;
  std::uint64_t nth_ = 0;
  std::uint64_t opportunities_ = 0;
  bool has_struck_ = false;
};

/// A fiber crashes. `where` is its path, or the end of it: "worker" is also "/app/worker". Empty: any.
inline armed_fault crash(std::string_view where = {}) { return {fault::crash, where}; }
/// A supervised child does not start. `where` is its path.
inline armed_fault failing_start(std::string_view where = {}) { return {fault::failing_start, where}; }
/// A `fault_point` throws. `where` is its name.
inline armed_fault failing_at(std::string_view where) { return {fault::fault_point, where}; }
/// A fiber finds a mailbox full that drops or refuses what has no room.
inline armed_fault overflowing(std::string_view where = {}) { return {fault::overflow, where}; }
/// A fiber that uses a stream in memory finds its connection gone.
inline armed_fault resetting(std::string_view where = {}) { return {fault::reset, where}; }
/// The earliest of the limits around a fiber passes.
inline armed_fault expiring(std::string_view where = {}) { return {fault::deadline, where}; }
/// What a fiber cleans up next hangs up to its limit.
inline armed_fault hanging(std::string_view where = {}) { return {fault::hang, where}; }
/// A fiber is cancelled.
inline armed_fault cancelled(std::string_view where = {}) { return {fault::cancel, where}; }

} // namespace troupe
