// What holds for supervisors and their children.

#pragma once

#include <troupe/scope/event.hpp>
#include <troupe/supervision/supervisor_options.hpp>
#include <troupe/supervision/tree_event.hpp>
#include <troupe/testing/violation.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::detail {

/// A sequential picture of each supervisor, drawn from what it tells.
class tree_rules {
public:
  explicit tree_rules(verdict& to) noexcept : to_(to) {}

  void begin_run() noexcept;
  void on(const event& happened);
  void on(const tree_event& happened);
  /// Nobody can run, and time is about to pass.
  void at_rest();

private:
  enum class run : std::uint8_t { down, begun, started, stopping };
  struct child {
    std::uint64_t fiber = 0;
    std::string path;
    std::uint64_t place = 0; // in the order of the first starts
    std::uint64_t incarnation = 0;
    run state = run::down;
    std::uint64_t listed_at = 0; // as told_
    std::uint64_t begun_at = 0;  // as told_
    instant stop_began{};
    duration grace{};
    bool is_known = true;             // its spec, as it is now
    std::optional<duration> shutdown; // as that has it
    duration abandon_after{};
    std::optional<instant> killed;
    duration patience{};
    std::optional<instant> starts_at; // it is to be started anew
    duration waits{};                 // before that
    std::uint64_t said = 0;           // the last of its runs that was said to have started
    bool says = false;                // somebody says so, of this run or another
    bool on_request = false;          // this run of it is, not one with others
    bool retired = false;             // stopped by itself: who wants it started says so
    bool was_ready = false;           // when it was asked to stop
    bool has_failed_to_start = false; // with an error
  };
  struct supervisor {
    std::uint64_t number = 0;
    std::uint64_t owner = 0; // the fiber of the child that it is, if it is one
    restart_strategy strategy{};
    std::vector<child> children; // in their order
    std::uint64_t placed = 0;
    bool is_known = false; // what it is, and not only where
    bool closing = false;
    std::optional<instant> gave_up;
    bool was_changed = false; // its options were, so what it may do is not known exactly
    std::size_t intensity = 0;
    duration period{};
    std::vector<instant> restarts;
    std::optional<std::uint64_t> several_from; // place of the first that are being restarted together
    std::uint64_t several_since = 0;           // as told_
    instant changed{};                         // something of it has, last
  };

  void on(child& about, const event& happened);
  supervisor& supervisor_of(const tree_event& happened);
  static child* child_of(supervisor& of, std::uint64_t fiber) noexcept;
  child& listed(supervisor& of, const tree_event& happened);
  void begun(supervisor& of, child& begins, const tree_event& happened);
  void restarting(supervisor& of, child& failed, const tree_event& happened);
  void stopping(supervisor& of, child& stops, const tree_event& happened);
  static bool is_one_of_several(const supervisor& of, const child& each) noexcept;
  void several_have_begun(const supervisor& of);
  const supervisor* run_by(const child& of) const noexcept;
  std::optional<duration> grace_of(const child& of) const noexcept;
  duration abandons_after(const child& of) const noexcept;
  void has_ended(child& ended, const tree_event& happened);
  void abandoned(child& left, const tree_event& happened);
  void gave_up(supervisor& of, const tree_event& happened);
  void escalated(supervisor& of, const event& happened);
  std::size_t restarts_within_period(const supervisor& of, instant now) const noexcept;
  static bool waits_for_something(const supervisor& of) noexcept;

  verdict& to_;
  std::vector<supervisor> supervisors_;
  bool any_budget_ = false;
  std::uint64_t told_ = 0; // events
};

} // namespace troupe::detail
