// (c) Reserve, commit in a shield, notify: an order is whole, or was never placed.

#pragma once

#include <tests/scenarios/application.hpp>
#include <tests/scenarios/fates.hpp>

#include <troupe/actors/actor.hpp>

#include <chrono>
#include <map>
#include <set>
#include <string>

namespace troupe::tests {

/// Orders, a stock and a bank. The two are started anew when they fail, and keep what they know: that is written down.
class order_service_scenario final : public application {
public:
  /// @param limit  of each order
  explicit order_service_scenario(std::uint64_t seed, logic how = logic::right, duration limit = std::chrono::hours{1})
      : broken_(how == logic::broken), gives_up_(static_cast<int>(seed % orders)), limit_(limit) {}

  task<> run() override;
  std::string problems() const override;
  bool whole() const override { return ended_ && placed() == orders - 1; }

  /// Cancels the orders, and not the services, which outlive them.
  ///
  /// @thread of the simulator, between two steps
  void cancel_orders() noexcept;
  std::size_t placed() const noexcept { return receipts_.size(); }
  /// Steps of payments that the bank has written down.
  std::size_t steps() const noexcept;

  static constexpr std::size_t orders = 3;

private:
  struct shop;
  class reservation;
  struct commit_mark;
  struct reservation_mark;
  struct leaves_no_orders;

  static task<reservation> reserved(shop at, int order);
  static task<int> paid(shop at, int order);
  task<bool> reserve_and_pay(shop at, int order);
  task<> place(shop at, int order);
  task<> take_order(shop at, int order);

  const bool broken_;
  const int gives_up_; // whose card the bank does not take
  const duration limit_;
  std::set<int> reserved_;
  std::map<int, int> steps_; // of payments, by order
  std::map<int, int> receipts_;
  std::set<int> notified_;
  // What nobody can know any more, and the customer was told so:
  std::set<int> payment_in_doubt_;
  std::set<int> reservation_in_doubt_;
  std::string wrong_; // what may not happen at all
  task_group* open_orders_ = nullptr;
  bool ended_ = false;
};

} // namespace troupe::tests
