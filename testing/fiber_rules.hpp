// What holds for fibers and scopes: who owns whom, whom a cancel reaches, when a limit acts, what a shield hides.

#pragma once

#include <troupe/scope/event.hpp>
#include <troupe/supervision/tree_event.hpp>
#include <troupe/testing/violation.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::detail {

/// Follows the tree of fibers and scopes by its events, and computes by itself what a cancel must reach.
class fiber_rules {
public:
  explicit fiber_rules(verdict& to) noexcept : to_(to) {}

  void begin_run() noexcept;
  void on(const event& happened);
  void on(const tree_event& happened);
  void after_step();
  void at_end();

  /// @name For those who judge what is done in a scope
  ///@{
  struct scope_mark {
    std::uint64_t fiber = 0;
    std::uint32_t place = 0;
    std::uint64_t entered = 0; // as the so manieth of the run: there may be another one at that place
  };
  /// Of what the fiber is in; of a fiber that has none, one that is of nothing.
  scope_mark innermost(std::uint64_t fiber) const noexcept;
  /// It is there, and nobody has cancelled it.
  bool goes_on(const scope_mark& at) const noexcept;
  /// Its own limit, as nanoseconds on the clock; 0: it has none.
  std::int64_t limit_of(const scope_mark& at) const noexcept;
  /// The earliest around the fiber, up to the next shield; 0: there is none.
  std::int64_t earliest_around(std::uint64_t fiber) const noexcept;
  ///@}

private:
  enum class stopping : std::uint8_t { no, unshielded, commits_too };
  struct scope {
    std::uint64_t entered = 0;
    std::uint8_t traits = 0;
    stopping own = stopping::no;  // its own cancel
    stopping here = stopping::no; // that, or one around it
    bool expires = false;
    std::int64_t deadline = 0;
    std::uint32_t children = 0; // that live
    std::uint32_t failed = 0;
  };
  struct fiber {
    bool known = false;
    bool alive = false;
    bool waits = false;
    bool shielded_wait = false;
    bool disowned = false;       // it has been abandoned
    std::uint64_t parent = 0;    // 0: none
    bool stops = false;          // its run is to end
    bool drains = false;         // it is to end by itself, when it has done what it was sent
    std::uint32_t place = 0;     // the group's, in the parent
    std::uint32_t depth = 0;     // scopes that are in use, the root's among them
    std::int64_t next_limit = 0; // until when the limit must last that it sets next; 0: it sets none
    std::vector<scope> scopes;
  };

  fiber& at(std::uint64_t number);
  scope* scope_at(std::uint64_t number, std::uint32_t place);
  void started(const event& happened);
  void ended(const event& happened);
  void wait_begun(const event& happened);
  void entered(const event& happened);
  void left(const event& happened);
  void cancelled(const event& happened, stopping far);
  void stop_taken(const event& happened);
  void group_ended(const event& happened);
  void limit_begun(const event& happened);
  void deadline_set(const event& happened);
  const scope* find(std::uint64_t number, std::uint32_t place) const noexcept;
  const scope* find(const scope_mark& at) const noexcept;
  void abandoned(std::uint64_t number);
  void killed(std::uint64_t number);
  void spread();
  static stopping through(const scope& into, stopping around) noexcept;
  void look_at_deadlines(instant now);

  verdict& to_;
  std::vector<fiber> fibers_; // by number
  std::size_t used_ = 0;
  std::uint64_t entered_ = 0; // scopes, in all
  bool cancelled_in_this_step_ = false;
  std::uint32_t with_deadlines_ = 0;
};

} // namespace troupe::detail
