// What holds for fibers and scopes: who owns whom, whom a cancel reaches, when a limit acts, what a shield hides.

#pragma once

#include <troupe/scope/event.hpp>
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
  /// A fiber has lost its owner.
  void abandoned(std::uint64_t fiber);
  /// @name What is told of the children of supervisors
  ///@{
  void begins(std::uint64_t fiber);
  void asked_to_stop(std::uint64_t fiber);
  void killed(std::uint64_t fiber);
  ///@}
  void after_step();
  void at_end();

private:
  enum class stopping : std::uint8_t { no, unshielded, commits_too };
  struct scope {
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
    std::uint64_t parent = 0;    // 0: none
    bool stops = false;          // its run is to end
    bool drains = false;         // it is to end by itself, when it has done what it was sent
    std::uint32_t place = 0;     // the group's, in the parent
    std::uint32_t depth = 0;     // scopes that are in use, the root's among them
    std::int64_t next_limit = 0; // until when the limit must last that it sets next; 0: it sets none
    std::vector<scope> scopes;
  };
  struct ask {
    std::uint64_t number;
    std::uint64_t asker;
    bool answered = false;
    bool waited = false;      // its asker has, and was stopped
    std::int64_t until = 0;   // the earliest limit around its asker; 0: none, or it is not known yet
    std::uint64_t worker = 0; // who has begun it last, as long as that scope is not left; 0: nobody
    std::uint32_t place = 0;  // of that scope
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
  void ask_begun(const event& happened);
  void waits_for_answer(std::uint64_t asker);
  void finalizer_ended(const event& happened);
  std::int64_t earliest_around(std::uint64_t number);
  void spread();
  static stopping through(const scope& into, stopping around) noexcept;
  void look_at_deadlines(instant now);

  verdict& to_;
  std::vector<fiber> fibers_; // by number
  std::vector<ask> asks_;     // that have not ended
  std::size_t used_ = 0;
  bool cancelled_in_this_step_ = false;
  std::uint32_t with_deadlines_ = 0;
};

} // namespace troupe::detail
