// (s1) A bounded mailbox, three senders and two receivers, of whom one each is cancelled; permits, and a close.

#include <tests/mailbox/parcel.hpp>
#include <tests/scenarios/all_applications.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <array>

namespace troupe::tests {

namespace {

class mailbox_traffic_scenario final : public application {
public:
  mailbox_traffic_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {}

  task<> run() override {
    co_await in_task_group([&](task_group& all) {
      all.start(&mailbox_traffic_scenario::send_all, this, 0, box_.sender());
      all.start(&mailbox_traffic_scenario::send_by_permits, this, 1, box_.sender());
      all.start(&mailbox_traffic_scenario::receive_all, this, box_.receiver());
      all.start(&mailbox_traffic_scenario::be_cancelled, this, box_.sender(), box_.receiver());
      all.start(&mailbox_traffic_scenario::close_late, this);
    });
    ended_ = true;
  }

  std::string problems() const override { return wrong_ + books_.problems(box_.statistics()); }
  bool whole() const override { return ended_ && books_.handled_count() > 0 && was_cancelled_; }

private:
  static constexpr int senders = 3;
  static constexpr std::size_t items_each = 6;

  /// An item that its sender has, until it is in the mailbox or where refused ones go.
  class unsent {
  public:
    unsent(ledger& books, int sender, std::size_t nth)
        : item(books, static_cast<std::size_t>(sender) * items_each + nth) {}
    unsent(const unsent&) = delete;
    unsent& operator=(const unsent&) = delete;
    ~unsent() {
      if (item.is_here() && !item.has_ended())
        item.kept();
    }

    parcel item;
  };

  /// Those of one sender reach one receiver in their order.
  class in_order {
  public:
    void see(std::size_t number, std::string& wrong) {
      if (number < next_)
        wrong += "item " + std::to_string(number) + " came behind a later one of its sender\n";
      next_ = number + 1;
    }

  private:
    std::size_t next_ = 0;
  };

  task<> send_all(int who, sender<parcel> out) {
    for (std::size_t nth = 0; nth < items_each; ++nth) {
      unsent next{books_, who, nth};
      if (nth % 3 == 2) {
        if (out.try_send(std::move(next.item)) != send_status::accepted && !next.item.is_here())
          wrong_ += "a refused item was moved from\n";
        continue;
      }
      const send_status sent = co_await out.send(std::move(next.item));
      if (next.item.is_here() == (sent == send_status::accepted))
        wrong_ += "an item is moved from exactly where it is accepted\n";
    }
  }
  /// Every other permit goes unused.
  task<> send_by_permits(int who, sender<parcel> out) {
    for (std::size_t nth = 0; nth < items_each; ++nth) {
      permit<parcel> slot = co_await out.reserve();
      co_await sleep_for(std::chrono::microseconds{2});
      if (!slot)
        co_return;
      if (nth % 2 == 0) {
        unsent next{books_, who, nth};
        slot.send(std::move(next.item));
      }
    }
  }

  task<> receive_all(receiver<parcel> in) {
    std::array<in_order, senders> order;
    while (auto item = co_await in.receive()) {
      order[item->number() / items_each].see(item->number(), wrong_);
      if (broken_)
        item->handled();
      co_await sleep_for(std::chrono::microseconds{3});
      if (!broken_)
        item->handled();
    }
  }

  task<> be_cancelled(sender<parcel> out, receiver<parcel> in) {
    co_await in_task_group([&](task_group& part) {
      part.start(&mailbox_traffic_scenario::send_all, this, 2, std::move(out));
      part.start(&mailbox_traffic_scenario::receive_all, this, std::move(in));
      part.start(&mailbox_traffic_scenario::cancel_soon, this, std::ref(part));
    });
    was_cancelled_ = true;
  }
  task<> cancel_soon(task_group& whom) {
    co_await sleep_for(std::chrono::microseconds{1 + seed_ % 16});
    whom.cancel();
  }
  task<> close_late() {
    co_await sleep_for(std::chrono::microseconds{20 + seed_ % 32});
    box_.close();
  }

  const std::uint64_t seed_;
  const bool broken_;
  ledger books_{senders * items_each};
  mailbox<parcel> box_{capacity{2}, into_the_books()};
  std::string wrong_;
  bool was_cancelled_ = false;
  bool ended_ = false;
};

} // namespace

application_kind mailbox_traffic() {
  return described<mailbox_traffic_scenario>(
      "mailbox traffic", "Each item ends once, whoever is cancelled, and the mailbox has counted the same.",
      "an item counts as handled before it is");
}

} // namespace troupe::tests
