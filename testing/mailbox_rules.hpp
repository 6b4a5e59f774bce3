// What holds for mailboxes: their items, their bound, and who waits for them.

#pragma once

#include <troupe/scope/event.hpp>
#include <troupe/testing/violation.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::detail {

/// Keeps the books of each mailbox anew, from what is told of single items.
class mailbox_rules {
public:
  explicit mailbox_rules(verdict& to) noexcept : to_(to) {}

  void begin_run() noexcept;
  void on(const event& happened);
  void after_step();
  /// Nobody can run, and time is about to pass.
  void at_rest();
  void at_end();

private:
  enum class lane : std::uint8_t { senders, receivers, joiners };
  struct box {
    std::uint64_t number = 0;
    std::uint64_t capacity = 0;
    std::uint64_t next = 0;  // index of the one that will be queued next
    std::uint64_t first = 0; // of the first that is queued and not claimed
    std::uint64_t claimed = 0;
    std::uint64_t reserved = 0;
    std::uint64_t kept = 0; // to be given again
    std::uint64_t in = 0;   // accepted
    std::uint64_t out = 0;  // received, or taken out otherwise
    std::uint64_t settled = 0;
    bool closed = false;
    bool retired = false; // its actor has ended for good
    bool gone = false;
    bool touched = false;
    bool any_order = false; // something went out of the middle: then indexes are not looked at any more

    std::uint64_t queued() const noexcept { return next - first; }
    std::uint64_t used() const noexcept { return queued() + claimed + reserved; }
  };
  struct wait {
    std::uint64_t fiber;
    std::uint64_t object;
    lane in;
  };

  box* find(std::uint64_t number) noexcept;
  void made(const event& happened);
  void accepted(box& of, const event& happened);
  void taken(box& of, const event& happened);
  void claimed(box& of, const event& happened);
  void settled(box& of, const event& happened);
  void gone(box& of, const event& happened);
  void wait_begun(const event& happened);
  void wait_over(const event& happened);
  void must_not_overtake(const box& of, const event& happened);
  void joined(const box& of);
  bool was_granted(const box& of, std::uint64_t fiber);
  void take_from_front(box& of, std::uint64_t first, std::uint64_t count);
  static std::string name_of(const box& of) { return "mailbox " + std::to_string(of.number); }

  verdict& to_;
  std::vector<box> boxes_;
  std::vector<wait> waits_;  // open ones, in their order
  std::vector<wait> served_; // sends and reserves that were granted, and of which nothing came yet
};

} // namespace troupe::detail
