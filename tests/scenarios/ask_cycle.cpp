// (i) A asks B, whose answer takes A: told at once where nobody could ever answer, and nowhere else.

#include <tests/scenarios/all_applications.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/actors/handle_concurrently.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>

#include <array>
#include <optional>

namespace troupe::tests {

namespace {

struct price_of {
  int item;
  reply<int> to;
};
struct discount_of {
  int item;
  reply<int> to;
};
using shop_message = message<price_of, discount_of>;
using rebate_message = message<discount_of>;

class ask_cycle_scenario final : public application {
public:
  ask_cycle_scenario(std::uint64_t seed, logic how) : way_(static_cast<way>(seed % 3)), broken_(how == logic::broken) {
    told_.fill(nothing);
  }

  task<> run() override {
    co_await in_task_group([&](task_group& group) -> task<> {
      rebates_ = group.start_actor({.name = "rebates", .capacity = 1}, rebates, std::ref(*this));
      shop_ = group.start_actor({.name = "shop", .capacity = 1}, shop, std::ref(*this));
      const gone_at_end addresses{*this};
      co_await in_task_group([&](task_group& customers) {
        for (int item = 0; item < items; ++item)
          customers.start(&ask_cycle_scenario::buy, this, item);
      });
    });
    ended_ = true;
  }

  std::string problems() const override {
    std::string text;
    if (way_ != way::closed && cycles_ != 0)
      text += "a cycle with a way out was taken for one without\n";
    for (int item = 0; item < items; ++item) {
      const std::size_t at = static_cast<std::size_t>(item);
      if (priced_[at] > 1)
        text += "item " + std::to_string(item) + " was priced " + std::to_string(priced_[at]) + " times\n";
      const bool is_price = told_[at] == price(item) || (granted_[at] && told_[at] == price(item) - 1);
      if (told_[at] != nothing && (priced_[at] != 1 || !is_price))
        text += "item " + std::to_string(item) + " has a wrong price: " + std::to_string(told_[at]) + '\n';
    }
    return text;
  }
  bool whole() const override {
    std::size_t told = 0, discounts = 0;
    for (std::size_t i = 0; i < items; ++i) {
      told += told_[i] != nothing ? 1 : 0;
      discounts += told_[i] == price(static_cast<int>(i)) - 1 ? 1 : 0;
    }
    return ended_ && told == items && cycles_ == (way_ == way::closed ? items : 0) &&
           discounts == (way_ == way::concurrent ? items : 0);
  }

private:
  static constexpr int items = 4, nothing = -1;
  /// How A's answer to B comes about.
  enum class way : std::uint8_t {
    closed,     ///< Never: A waits for B.
    limited,    ///< Never, but B waits for a while only.
    concurrent, ///< A handles it beside what waits for B.
  };
  static int price(int item) { return 10 * (item + 1); }

  struct gone_at_end {
    ask_cycle_scenario& of;
    explicit gone_at_end(ask_cycle_scenario& in) noexcept : of(in) {}
    gone_at_end(const gone_at_end&) = delete;
    ~gone_at_end() {
      of.shop_.reset();
      of.rebates_.reset();
    }
  };

  static task<> shop(inbox<shop_message> in, ask_cycle_scenario& of) {
    const auto handle = [&of](shop_message& message) -> task<> {
      co_await message.match(
          [&of](price_of& asked) -> task<> {
            ++of.priced_[static_cast<std::size_t>(asked.item)];
            outcome<int> discount = co_await as_outcome(of.discount_at_rebates(asked.item));
            asked.to(price(asked.item) - of.value_or_cycle(std::move(discount)));
          },
          [&of](discount_of& asked) {
            of.granted_[static_cast<std::size_t>(asked.item)] = true;
            asked.to(1);
          });
    };
    if (of.way_ == way::concurrent) {
      co_await handle_concurrently(in, 8, handle);
      co_return;
    }
    while (auto message = co_await in.receive())
      co_await handle(*message);
  }

  static task<> rebates(inbox<rebate_message> in, ask_cycle_scenario& of) {
    while (auto message = co_await in.receive())
      co_await message->match([&of](discount_of& asked) -> task<> {
        outcome<int> discount = co_await as_outcome(of.discount_at_shop(asked.item));
        const int given =
            discount.has_error() && !is_cycle(discount.error()) ? 0 : of.value_or_cycle(std::move(discount));
        asked.to(of.broken_ ? 1 : given);
      });
  }
  /// Either of the two may be the one that closes the cycle, and is told. Then there is no discount.
  int value_or_cycle(outcome<int> discount) {
    if (!discount.has_error() || !is_cycle(discount.error()))
      return std::move(discount).value();
    ++cycles_;
    return 0;
  }
  task<int> discount_at_rebates(int item) {
    const int given = co_await open(rebates_).ask<discount_of>(item);
    co_return given;
  }
  task<int> discount_at_shop(int item) {
    if (way_ != way::limited) {
      const int all = co_await open(shop_).ask<discount_of>(item);
      co_return all;
    }
    const std::optional<int> in_time =
        co_await move_on_after(std::chrono::microseconds{50}, open(shop_).ask<discount_of>(item));
    if (!in_time)
      throw std::runtime_error("no discount in time");
    co_return *in_time;
  }
  /// Those who were asked by somebody that has left meanwhile find it closed.
  template <class Message>
  static actor_ref<Message> open(const std::optional<actor_ref<Message>>& address) {
    if (!address)
      throw std::runtime_error("the shop has closed");
    return *address;
  }
  static bool is_cycle(const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const ask_error& failed) {
      return failed.why() == ask_failure::would_deadlock;
    } catch (...) {
      return false;
    }
  }

  task<> buy(int item) {
    outcome<int> cost = co_await as_outcome(open(shop_).ask<price_of>(item));
    if (!cost.has_error())
      told_[static_cast<std::size_t>(item)] = std::move(cost).value();
  }

  const way way_;
  const bool broken_;
  std::optional<actor_ref<shop_message>> shop_;
  std::optional<actor_ref<rebate_message>> rebates_;
  std::array<int, items> told_{};
  std::array<int, items> priced_{};
  std::array<bool, items> granted_{};
  int cycles_ = 0;
  bool ended_ = false;
};

} // namespace

application_kind ask_cycle() {
  return described<ask_cycle_scenario>(
      "ask cycle", "A cycle of asks that nobody could end fails where it closes, and one with a way out does not.",
      "a discount that nobody could ask for is given all the same");
}

} // namespace troupe::tests
