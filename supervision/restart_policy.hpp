// Whether a child that has ended is started anew, how often, and after how long: data and pure functions.

#pragma once

#include <troupe/scope/time_source.hpp>
#include <troupe/supervision/exit_reason.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace troupe {

/// After which ends a child is started anew. (OTP's names.)
enum class restart_type : std::uint8_t {
  permanent, ///< After any.
  transient, ///< After a failure: `failed` or `killed`.
  temporary, ///< After none; and it is forgotten.
};

/// The type's name, as in the enumeration.
std::string_view to_string(restart_type type) noexcept;

constexpr bool is_failure(exit_kind kind) noexcept { return kind == exit_kind::failed || kind == exit_kind::killed; }
/// Whether a child that has ended by itself is started anew.
constexpr bool restarts_after(restart_type type, exit_kind kind) noexcept {
  return type == restart_type::permanent || (type == restart_type::transient && is_failure(kind));
}

/// The last restarts of a supervisor: at most `intensity` within any `period`, both ends of which count.
///
/// Noting one takes constant time on average, however many there may be, and memory only for those of one period. (OTP
/// keeps a list that it goes through for each.)
class restart_window {
public:
  /// @param intensity  0: none at all
  restart_window(std::size_t intensity, duration period) noexcept : intensity_(intensity), period_(period) {}

  /// Notes a restart at `now`, which is no earlier than the last one. False: it is one too many.
  ///
  /// @throws std::bad_alloc; then it is not noted
  [[nodiscard]] bool note(instant now);
  /// What holds from the next one on; those that were noted count.
  void limit(std::size_t intensity, duration period) noexcept {
    intensity_ = intensity;
    period_ = period;
  }

  std::size_t intensity() const noexcept { return intensity_; }
  duration period() const noexcept { return period_; }

private:
  std::size_t intensity_;
  duration period_;
  std::size_t oldest_ = 0;
  std::size_t count_ = 0;
  std::vector<instant> noted_; // a ring of a power of two
};

/// A limit of all restarts in a tree of supervisors: at most `intensity` within any `period`.
struct restart_budget {
  std::size_t intensity = 10;
  duration period = std::chrono::seconds{10};

  friend bool operator==(const restart_budget&, const restart_budget&) = default;
};

/// How long a child waits before it is started anew: twice as long each time, up to a limit, until it has run well once.
struct restart_backoff {
  duration initial = duration::zero();              ///< Before the first restart in a row; zero: none waits.
  duration longest = std::chrono::seconds{30};      ///< The longest wait.
  double jitter = 0.5;                              ///< The part of each wait that is drawn at random, 0 to 1.
  duration stable_after = std::chrono::seconds{60}; ///< A run of this length ends the row.
};

/// The wait before a restart.
///
/// @param in_a_row  restarts of this child since it last ran well, this one included: from 1
/// @param random    any 64 bits: the same give the same wait
duration wait_before_restart(const restart_backoff& backoff, std::uint32_t in_a_row, std::uint64_t random) noexcept;

} // namespace troupe
