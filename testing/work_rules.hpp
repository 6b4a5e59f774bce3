// What holds for asks and for exit stacks.

#pragma once

#include <troupe/scope/event.hpp>
#include <troupe/testing/fiber_rules.hpp>
#include <troupe/testing/violation.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::detail {

/// The line in which an asker waits for its answer.
inline constexpr std::uint64_t line_of_ask = wait_line("ask");

class work_rules {
public:
  work_rules(verdict& to, const fiber_rules& fibers) noexcept : to_(to), fibers_(fibers) {}

  void begin_run() noexcept;
  void on(const event& happened);
  void at_end();

private:
  static constexpr std::size_t asks_kept = 1'000; // of those that are over
  struct ask {
    std::uint64_t number;
    std::uint64_t asker;
    std::uint32_t answers = 0;
    bool has_value = false;
    std::uint32_t ends = 0;
    bool has_reply = true;               // somebody may still answer it
    bool waited = false;                 // its asker has; once more it does only to hear what became of it
    std::int64_t until = 0;              // the earliest limit around its asker when it first waited
    fiber_rules::scope_mark worked_in{}; // by who has begun it last
  };
  enum class finalizer_state : std::uint8_t { waits, runs };
  struct finalizer {
    std::uint64_t number;
    std::uint64_t stack;
    bool for_a_failure;
    finalizer_state state = finalizer_state::waits;
  };

  void ask_event(const event& happened);
  void begun(ask& which, std::uint64_t worker);
  void waits_for_answer(std::uint64_t asker);
  void finalizer_stopped(std::uint64_t fiber);
  void finalizer_added(const event& happened);
  void finalizer_event(const event& happened);
  void stack_unwound(const event& happened);

  verdict& to_;
  const fiber_rules& fibers_;
  std::vector<ask> asks_;
  std::vector<finalizer> finalizers_; // that are not over, in the order in which they came onto their stacks
  std::vector<std::uint64_t> failed_; // the stacks of those that have failed, as often
};

} // namespace troupe::detail
