#include <tests/scenarios/all_applications.hpp>
#include <tests/scenarios/order_service.hpp>

#include <troupe/actors/retry.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/fault_point.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/supervision/supervised_actor.hpp>

#include <functional>
#include <stdexcept>

namespace troupe::tests {

using namespace std::chrono_literals;

namespace {

class card_refused : public std::runtime_error {
public:
  card_refused() : std::runtime_error("the bank does not take this card") {}
};

// -- the stock: what is reserved is given back, or sold ---------------------------------------------------------------

struct reserve {
  int order;
  reply<void> to;
};
struct give_back {
  int order;
  reply<void> to;
};
using stock_message = message<reserve, give_back>;

task<> stock(inbox<stock_message> in, std::set<int>& reserved) {
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](reserve& asked) -> task<> {
          co_await sleep_for(1s);
          fault_point("stock.write");
          reserved.insert(asked.order);
          asked.to();
        },
        [&](give_back& asked) {
          reserved.erase(asked.order);
          asked.to();
        });
}

// -- the bank: three steps, of which all are done or none -------------------------------------------------------------

struct pay {
  int order;
  reply<int> to;
};
using bank_message = message<pay>;

/// Undoes the steps of a payment that does not get to its end.
class transaction {
public:
  transaction(std::map<int, int>& steps, int order) noexcept : steps_(steps), order_(order) {}
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction() {
    if (!committed_)
      steps_.erase(order_);
  }
  void commit() noexcept { committed_ = true; }

private:
  std::map<int, int>& steps_;
  int order_;
  bool committed_ = false;
};

task<> bank(inbox<bank_message> in, std::map<int, int>& steps, int refused) {
  while (auto next = co_await in.receive())
    co_await next->match([&](pay& asked) -> task<> {
      if (asked.order == refused) {
        co_await sleep_for(1s);
        asked.to.fail(std::make_exception_ptr(card_refused{}));
        co_return;
      }
      transaction mine{steps, asked.order};
      for (int step = 0; step < 3; ++step) {
        co_await sleep_for(1s);
        ++steps[asked.order];
      }
      fault_point("bank.commit");
      mine.commit();
      asked.to(1'000 + asked.order);
    });
}

/// Whether a payment that ended like this may have been made.
bool is_in_doubt(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const card_refused&) {
    return false;
  } catch (...) {
    return known_after(error) == known::unknown;
  }
}

} // namespace

// -- an order ---------------------------------------------------------------------------------------------------------

struct order_service_scenario::shop {
  order_service_scenario* of;
  actor_ref<stock_message> in_stock;
  actor_ref<bank_message> at_bank;
};

/// What is at the stock, until it is known: then it is erased.
struct order_service_scenario::reservation_mark {
  order_service_scenario& of;
  int order;
  bool known = false;

  reservation_mark(order_service_scenario& in, int which) noexcept : of(in), order(which) {}
  reservation_mark(const reservation_mark&) = delete;
  ~reservation_mark() {
    if (known)
      return;
    of.reservation_in_doubt_.insert(order);
    if (const auto reason = stopped_by(); reason && *reason != cancel_reason::deadline)
      of.wrong_ += "order " + std::to_string(order) + ": what is done with the stock was stopped, not by its limit\n";
  }
};

class order_service_scenario::reservation {
public:
  reservation(shop at, int order) : at_(std::move(at)), order_(order) {}

  task<> release() {
    reservation_mark mark{*at_.of, order_};
    if (!at_.of->broken_)
      co_await retry({}, [this] { return at_.in_stock.ask<give_back>(order_); });
    mark.known = true;
  }

private:
  shop at_;
  int order_;
};

task<order_service_scenario::reservation> order_service_scenario::reserved(shop at, int order) {
  reservation_mark mark{*at.of, order};
  // What the stock has begun must be known here, so that it can be given back.
  const outcome<> asked = co_await as_outcome(retry({}, [&] { return at.in_stock.ask<reserve>(order); }));
  mark.known = !asked.has_error() || known_after(asked.error()) == known::not_done;
  if (asked.has_error())
    std::rethrow_exception(asked.error());
  reservation mine{std::move(at), order};
  co_return mine;
}

/// A payment that was begun is told to whoever began it, in whichever way.
struct order_service_scenario::commit_mark {
  order_service_scenario& of;
  int order;

  commit_mark(order_service_scenario& in, int which) noexcept : of(in), order(which) {}
  commit_mark(const commit_mark&) = delete;
  ~commit_mark() {
    if (const auto reason = stopped_by(); reason && *reason != cancel_reason::deadline)
      of.wrong_ += "order " + std::to_string(order) + ": its payment was stopped, not by the limit of its shield\n";
  }
};

task<int> order_service_scenario::paid(shop at, int order) {
  const commit_mark begun{*at.of, order};
  const int receipt = co_await at.at_bank.ask<pay>(order);
  co_return receipt;
}

/// False: the bank may have taken the money, or not; then what was reserved stays, until somebody has asked the bank.
task<bool> order_service_scenario::reserve_and_pay(shop at, int order) {
  co_return co_await in_exit_stack([&](exit_stack& stack) -> task<bool> {
    co_await stack.enter_on_failure(exit_options{.limit = 1h}, reserved(at, order));
    outcome<int> payment = co_await as_outcome(shield(1h, paid(at, order)));
    if (payment.has_error() && is_in_doubt(payment.error())) {
      payment_in_doubt_.insert(order);
      co_return false;
    }
    receipts_[order] = std::move(payment).value();
    co_return true;
  });
}

task<> order_service_scenario::place(shop at, int order) {
  const bool is_known = co_await reserve_and_pay(std::move(at), order);
  co_await checkpoint();
  if (is_known)
    notified_.insert(order);
}

task<> order_service_scenario::take_order(shop at, int order) {
  static_cast<void>(co_await as_outcome(fail_after(limit_, place(std::move(at), order))));
}

struct order_service_scenario::leaves_no_orders {
  order_service_scenario& of;

  explicit leaves_no_orders(order_service_scenario& in) noexcept : of(in) {}
  leaves_no_orders(const leaves_no_orders&) = delete;
  ~leaves_no_orders() { of.open_orders_ = nullptr; }
};

task<> order_service_scenario::run() {
  co_await supervise({.intensity = 3}, [&](supervisor& top) -> task<> {
    auto in_stock = co_await top.start_actor({.name = "stock", .capacity = 1}, stock, std::ref(reserved_));
    auto at_bank = co_await top.start_actor({.name = "bank", .capacity = 1}, bank, std::ref(steps_), gives_up_);
    const shop open{this, std::move(in_stock), std::move(at_bank)};
    const leaves_no_orders left{*this};
    co_await in_task_group([&](task_group& group) {
      open_orders_ = &group;
      for (std::size_t order = 0; order < orders; ++order)
        group.start(&order_service_scenario::take_order, this, open, static_cast<int>(order));
    });
  });
  ended_ = true;
}

void order_service_scenario::cancel_orders() noexcept {
  if (open_orders_ != nullptr)
    open_orders_->cancel();
}

std::size_t order_service_scenario::steps() const noexcept {
  std::size_t sum = 0;
  for (const auto& [order, done] : steps_)
    sum += static_cast<std::size_t>(done);
  return sum;
}

std::string order_service_scenario::problems() const {
  std::string text = wrong_;
  for (int order = 0; order < static_cast<int>(orders); ++order) {
    const auto found = steps_.find(order);
    const int done = found == steps_.end() ? 0 : found->second;
    const bool has_receipt = receipts_.contains(order);
    const auto wrong = [&](const std::string& what) { text += "order " + std::to_string(order) + ' ' + what + '\n'; };
    if (done != 0 && done != 3)
      wrong("is torn");
    if (!payment_in_doubt_.contains(order) && has_receipt != (done == 3))
      wrong(has_receipt ? "has a receipt and was not paid" : "was paid, and nobody was told");
    if (!payment_in_doubt_.contains(order) && !reservation_in_doubt_.contains(order) &&
        reserved_.contains(order) != has_receipt)
      wrong(has_receipt ? "was paid and is not reserved" : "is reserved for ever");
    if (notified_.contains(order) && !has_receipt)
      wrong("was notified, and not placed");
  }
  return text;
}

application_kind order_service() {
  return described<order_service_scenario>(
      "order service", "Nothing stays reserved that is not sold, and nobody pays without being told.",
      "what was reserved is not given back");
}

} // namespace troupe::tests
