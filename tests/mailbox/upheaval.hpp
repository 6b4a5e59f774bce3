// Everything at once: readers that hand their half over, items that use their mailbox when they go, a handler that
// sends again, received objects that end on other fibers, a close in the middle. On any executor.

#pragma once

#include <troupe/mailbox/mailbox.hpp>

#include <tests/mailbox/parcel.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/random.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

struct upheaval_options {
  std::size_t capacity = 1;
  overflow on_full = overflow::suspend;
  bool one_reader = true; ///< An inbox instead of three receivers.
  std::size_t items_each = 12;
  enum class ending : std::uint8_t { by_last_sender, close, close_and_return } end = ending::by_last_sender;
  std::uint64_t seed = 0;
};

class upheaval {
public:
  static constexpr std::size_t senders = 3;

  explicit upheaval(upheaval_options options)
      : options_(options), first_extra_(senders * options.items_each), numbers_(2 * first_extra_),
        next_extra_(first_extra_), books_(numbers_), sent_again_(new std::atomic<bool>[numbers_]),
        box_(capacity{options.capacity}, options.on_full,
             [this](noisy&& item, drop_reason reason) { undelivered(item, reason); }),
        shelf_(capacity{2}, [](received<noisy>&& item, drop_reason) { let_go(item); }) {
    for (std::size_t i = 0; i < numbers_; ++i)
      sent_again_[i] = false;
  }

  /// A root.
  task<> run() {
    co_await in_task_group([&](task_group& all) {
      for (std::size_t i = 0; i < senders; ++i)
        all.start(&upheaval::send_all, this, box_.sender(), i);
      const auto serves = [&](auto half, std::uint64_t salt) {
        all.start(&upheaval::serve<decltype(half)>, this, std::ref(all), std::move(half), shelf_.sender(),
                  options_.seed ^ salt);
      };
      if (options_.one_reader)
        serves(box_.inbox(), 77);
      else
        for (std::uint64_t i = 0; i < 3; ++i)
          serves(box_.receiver(), 77 + i);
      all.start(&upheaval::clear_shelf, this, shelf_.inbox());
      for (int i = 0; i < 2; ++i)
        all.start(&upheaval::join_on_and_on, this);
      if (options_.end != upheaval_options::ending::by_last_sender)
        all.start(&upheaval::close_some_time, this);
    });
  }

  const auto& box() const noexcept { return box_; }
  /// After the run: empty when every item went one way and the mailbox counted the same.
  std::string problems() const {
    mailbox_statistics now = box_.statistics();
    for (std::size_t i = 0; i < drop_reasons; ++i) {
      const std::size_t again = again_by_[i];
      now.dropped[i] -= again;
      if (was_in_the_mailbox(static_cast<drop_reason>(i))) {
        now.sent -= again;
        now.settled -= again;
      }
    }
    std::string found = books_.problems(without(now, returned_));
    if (now.returned != returned_)
      found += "returned is not what was returned\n";
    if (early_joins_ != 0)
      found += "join returned before what had been sent was settled\n";
    if (out_of_order_ != 0)
      found += "a sender's items came out of their order\n";
    return found;
  }

private:
  /// An item that uses its mailbox when it goes.
  class noisy : public parcel {
  public:
    noisy(upheaval& of, std::size_t number) noexcept : parcel(of.books_, number), of_(&of) {}
    noisy(noisy&&) noexcept = default;
    noisy& operator=(noisy&&) = delete;
    ~noisy() {
      if (is_here())
        of_->item_goes(number());
    }

  private:
    upheaval* of_;
  };

  class crash : public std::runtime_error {
  public:
    crash() : std::runtime_error("crashed on purpose") {}
  };

  /// Handled, unless whoever lets it go crashes or is stopped.
  static void let_go(received<noisy>& item) {
    if (item && !detail::reason_to_let_go(0))
      item->handled();
  }
  struct kept {
    received<noisy> item;
    kept() = default;
    explicit kept(received<noisy> taken) : item(std::move(taken)) {}
    kept(kept&&) = default;
    ~kept() { let_go(item); }
  };
  struct kept_batch {
    received_batch<noisy> batch;
    explicit kept_batch(received_batch<noisy> taken) : batch(std::move(taken)) {}
    kept_batch(kept_batch&&) = default;
    ~kept_batch() {
      if (!detail::reason_to_let_go(0))
        for (noisy& item : batch)
          item.handled();
    }
  };

  static mailbox_statistics without(mailbox_statistics now, std::size_t returned) noexcept {
    now.sent -= returned;
    now.settled -= returned;
    return now;
  }
  bool is_extra(std::size_t number) const noexcept { return number >= first_extra_; }

  void item_goes(std::size_t number) noexcept {
    static_cast<void>(box_.statistics()); // tells what this fiber has noted
    if (is_extra(number) || number % 5 != 0)
      return;
    if (const std::size_t extra = next_extra_++; extra < numbers_) {
      noisy another{*this, extra};
      if (box_.sender().try_send(std::move(another)) != send_status::accepted)
        another.kept();
    }
  }
  void undelivered(noisy& item, drop_reason reason) noexcept {
    const std::size_t number = item.number();
    if (number % 3 == 0 && !sent_again_[number].exchange(true) &&
        box_.sender().try_send(std::move(item)) == send_status::accepted)
      ++again_by_[static_cast<std::size_t>(reason)];
    else
      item.dropped(reason);
  }

  task<> send_all(sender<noisy> out, std::size_t who) {
    seeded_random random{options_.seed ^ (who << 32U)};
    for (std::size_t i = 0; i < options_.items_each; ++i) {
      const std::size_t number = who * options_.items_each + i;
      const std::uint64_t way = random.next();
      if (random.below(6) == 0)
        co_await move_on_after(std::chrono::microseconds{random.below(10)}, send_one(out, number, way));
      else
        co_await send_one(out, number, way);
    }
  }
  task<> send_one(const sender<noisy>& out, std::size_t number, std::uint64_t way) {
    switch (way % 4) {
    case 0: {
      noisy item{*this, number};
      co_await out.send(std::move(item));
      break;
    }
    case 1:
      co_await out.send(*this, number);
      break;
    case 2: {
      permit<noisy> slot = co_await out.reserve();
      co_await yield();
      if (slot && way % 8 != 2)
        slot.send(*this, number);
      break;
    }
    default: {
      noisy item{*this, number};
      if (out.try_send(std::move(item)) != send_status::accepted)
        item.kept();
    }
    }
  }

  /// Reads for a while, and gives its half to a fiber that goes on.
  template <class Half>
  task<> serve(task_group& all, Half in, sender<received<noisy>> shelf, std::uint64_t seed) {
    seeded_random random{seed};
    bool open = true;
    while (open) {
      static_cast<void>(co_await as_outcome(read_some(in, shelf, random, open)));
      co_await checkpoint();
      if (open && random.below(3) == 0) {
        all.start(&upheaval::serve<Half>, this, std::ref(all), std::move(in), std::move(shelf), random.next());
        co_return;
      }
    }
  }
  template <class Half>
  task<> read_some(Half& in, sender<received<noisy>>& shelf, seeded_random& random, bool& open) {
    kept earlier;
    for (std::uint64_t left = 1 + random.below(6); open && left > 0; --left)
      if (random.below(6) == 0)
        co_await move_on_after(std::chrono::microseconds{random.below(10)}, read_one(in, shelf, random, open, earlier));
      else
        co_await read_one(in, shelf, random, open, earlier);
    if (random.below(6) == 0)
      throw crash{}; // with the one that is kept
  }
  template <class Half>
  task<> read_one(Half& in, sender<received<noisy>>& shelf, seeded_random& random, bool& open, kept& earlier) {
    if (random.below(4) == 0) {
      kept_batch some{co_await in.receive_up_to(1 + random.below(4))};
      open = static_cast<bool>(some.batch);
      for (noisy& item : some.batch)
        seen(item);
      if (random.below(2) == 0)
        if (kept first{some.batch.next()}; first.item && random.below(4) == 0)
          throw crash{};
      if (open && random.below(3) == 0)
        co_await in_task_group([&](task_group& group) { group.start(&upheaval::hold_batch, this, std::move(some)); });
      co_return;
    }
    kept one{in.try_receive()};
    if (!one.item)
      one.item = co_await in.receive();
    open = static_cast<bool>(one.item);
    if (!open)
      co_return;
    seen(*one.item);
    switch (random.below(6)) {
    case 0: // to another fiber, which may be gone
      static_cast<void>(shelf.try_send(std::move(one.item)));
      break;
    case 1: // to a child
      co_await in_task_group([&](task_group& group) { group.start(&upheaval::hold, this, std::move(one)); });
      break;
    case 2: // to whoever called
      std::swap(earlier.item, one.item);
      break;
    case 3:
      throw crash{};
    case 4: { // made in place, elsewhere
      const auto second = std::make_unique<kept>();
      second->item = in.try_receive();
      if (second->item)
        seen(*second->item);
      break;
    }
    default:
      co_await yield();
    }
  }
  task<> hold(kept) { co_await yield(); }
  task<> hold_batch(kept_batch some) {
    kept first{some.batch.next()};
    co_await sleep_for(std::chrono::microseconds{1});
  }
  task<> clear_shelf(inbox<received<noisy>> in) {
    while (auto item = co_await in.receive()) {
      const kept now{std::move(*item)};
      co_await yield();
    }
  }

  /// One reader sees each sender's items in their order, but for those that came again.
  void seen(const noisy& item) noexcept {
    if (!options_.one_reader || is_extra(item.number()) || sent_again_[item.number()])
      return;
    std::size_t& next = next_of_[item.number() / options_.items_each];
    out_of_order_ += item.number() < next;
    next = item.number() + 1;
  }

  task<> join_on_and_on() {
    while (!box_.statistics().closed) {
      const std::uint64_t sent = box_.statistics().sent;
      co_await box_.join();
      const mailbox_statistics now = box_.statistics();
      early_joins_ += now.settled < sent;
      co_await sleep_for(std::chrono::microseconds{3});
    }
    co_await box_.join();
  }
  task<> close_some_time() {
    seeded_random random{options_.seed ^ 0xc105eU};
    co_await sleep_for(std::chrono::microseconds{random.below(20)});
    if (options_.end == upheaval_options::ending::close)
      box_.close();
    else
      for (noisy& item : box_.close_and_return()) {
        item.kept();
        ++returned_;
      }
  }

  upheaval_options options_;
  std::size_t first_extra_;
  std::size_t numbers_;
  std::atomic<std::size_t> next_extra_;
  ledger books_;
  std::unique_ptr<std::atomic<bool>[]> sent_again_;
  std::atomic<std::size_t> again_by_[drop_reasons] = {};
  std::atomic<std::size_t> returned_{0};
  std::atomic<std::size_t> early_joins_{0};
  std::atomic<std::size_t> out_of_order_{0};
  std::size_t next_of_[senders] = {};
  mailbox<noisy> box_;
  mailbox<received<noisy>> shelf_;
};

/// By the round: each strategy, an inbox or receivers, and each way to end, at capacity 1, 2, 3 or 100.
inline upheaval_options upheaval_of(std::uint64_t round) {
  constexpr overflow strategies[] = {overflow::suspend,     overflow::suspend,     overflow::reject,
                                     overflow::drop_newest, overflow::drop_oldest, overflow::conflate};
  constexpr std::size_t capacities[] = {1, 2, 3, 100};
  upheaval_options made;
  made.seed = round;
  made.capacity = capacities[round % 4];
  round /= 4;
  made.on_full = strategies[round % 6];
  round /= 6;
  made.one_reader = made.on_full == overflow::conflate || round % 2 == 0;
  made.end = static_cast<upheaval_options::ending>(round / 2 % 3);
  return made;
}

} // namespace troupe::tests
