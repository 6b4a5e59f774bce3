// Senders and receivers that use a mailbox in every way, crash, and are cancelled; on any executor.

#pragma once

#include <troupe/mailbox/mailbox.hpp>

#include <tests/mailbox/parcel.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/random.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

namespace troupe::tests {

struct traffic_options {
  std::size_t capacity = 1;
  std::size_t senders = 4;
  std::size_t receivers = 8;
  std::size_t items_each = 20;
  std::uint64_t crash_one_in = 100;
  bool deadlines = true; ///< Some waits, and some work on items, have a deadline of microseconds.
  overflow on_full = overflow::suspend;
  bool one_reader = false; ///< An inbox instead of receivers.
  std::uint64_t seed = 0;
};

class crash : public std::runtime_error {
public:
  crash() : std::runtime_error("a receiver crashed on purpose") {}
};

/// One mailbox and everybody who uses it. Run `run()` as a root or in one, then ask for `problems()`.
class traffic {
public:
  explicit traffic(traffic_options options)
      : options_(options), books_(options.senders * options.items_each),
        box_(capacity{options.capacity}, options.on_full, into_the_books()) {}

  /// A task group of senders and receivers, a part of them in a group of its own that `cancel_a_part` stops.
  task<> run() {
    co_await in_task_group([&](task_group& all) {
      for (std::size_t i = 0; i < options_.senders; ++i)
        if (i != 1)
          all.start(&traffic::send_all, this, box_.sender(), i);
      if (options_.one_reader)
        all.start(&traffic::receive_all<inbox<parcel>>, this, box_.inbox(), std::size_t{1});
      else
        for (std::size_t i = 1; i < options_.receivers; ++i)
          all.start(&traffic::receive_all<receiver<parcel>>, this, box_.receiver(), i);
      all.start(&traffic::join_often, this);
      std::optional<receiver<parcel>> in_part;
      if (!options_.one_reader)
        in_part.emplace(box_.receiver());
      all.start(&traffic::run_part, this, box_.sender(), std::move(in_part));
    });
  }

  /// Stops one sender, one receiver and one who joins, while they run.
  ///
  /// @thread of the simulator, between two steps
  void cancel_a_part() noexcept {
    if (part_ != nullptr)
      part_->cancel();
  }

  mailbox<parcel>& box() noexcept { return box_; }
  ledger& books() noexcept { return books_; }
  /// Empty when every item has ended once. After the run.
  std::string problems() const { return books_.problems(box_.statistics()); }

private:
  task<> send_all(sender<parcel> out, std::size_t who) {
    seeded_random random{options_.seed ^ (who << 32U)};
    for (std::size_t i = 0; i < options_.items_each; ++i) {
      const std::size_t number = who * options_.items_each + i;
      const std::uint64_t way = random.next();
      if (options_.deadlines && random.below(8) == 0)
        co_await move_on_after(std::chrono::microseconds{random.below(20)}, send_one(out, number, way));
      else
        co_await send_one(out, number, way);
      if (random.below(8) == 0)
        co_await sleep_for(std::chrono::microseconds{random.below(10)});
    }
  }

  task<> send_one(const sender<parcel>& out, std::size_t number, std::uint64_t way) {
    switch (way % 5) {
    case 0: {
      parcel item{books_, number};
      const send_status status = co_await out.send(std::move(item));
      if (item.is_here() == (status == send_status::accepted))
        throw std::logic_error("a sent object is moved from exactly when it is accepted");
      break;
    }
    case 1:
      co_await out.send(books_, number);
      break;
    case 2: {
      permit<parcel> slot = co_await out.reserve();
      if (way % 2 == 0)
        co_await yield();
      if (slot)
        slot.send(books_, number);
      break;
    }
    case 3: {
      permit<parcel> unused = co_await out.reserve();
      co_await yield();
      break;
    }
    default: {
      parcel item{books_, number};
      if (out.try_send(std::move(item)) == send_status::accepted)
        break;
      if (!item.is_here())
        throw std::logic_error("a refused item was moved from");
      item.kept();
    }
    }
  }

  template <class Half>
  task<> receive_all(Half in, std::size_t who) {
    seeded_random random{~options_.seed ^ (who << 32U)};
    bool open = true;
    while (open) {
      try {
        co_await in_task_group([&](task_group& group) {
          group.start(&traffic::receive_some<Half>, this, std::ref(in), std::ref(random), std::ref(open));
        });
      } catch (const error_group&) {
        // the item in hand has gone to the books; the next one is received by a new fiber
      }
      co_await checkpoint(); // a group in which nothing could be started is none
    }
  }

  template <class Half>
  task<> receive_some(Half& in, seeded_random& random, bool& open) {
    while (open) {
      if (options_.deadlines && random.below(8) == 0)
        co_await move_on_after(std::chrono::microseconds{random.below(20)}, receive_one(in, random, open));
      else
        co_await receive_one(in, random, open);
    }
  }

  template <class Half>
  task<> receive_one(Half& in, seeded_random& random, bool& open) {
    switch (random.below(8)) {
    case 0: {
      received<parcel> item = in.try_receive();
      if (!item)
        item = co_await in.receive();
      open = static_cast<bool>(item);
      if (open)
        co_await work_on(*item, random);
      break;
    }
    case 1: {
      auto batch = co_await in.receive_up_to(1 + random.below(5));
      open = static_cast<bool>(batch);
      while (auto item = batch.next())
        co_await work_on(*item, random);
      break;
    }
    default: {
      auto item = co_await in.receive();
      open = static_cast<bool>(item);
      if (open)
        co_await work_on(*item, random);
    }
    }
  }

  /// Ends in `handled`, or leaves the item as it is.
  task<> work_on(parcel& item, seeded_random& random) {
    if (random.below(8) == 0)
      co_await sleep_for(std::chrono::microseconds{random.below(10)});
    if (random.below(options_.crash_one_in) == 0)
      throw crash{};
    item.handled();
  }

  task<> join_often() {
    while (!box_.statistics().closed) {
      co_await box_.join();
      co_await sleep_for(std::chrono::microseconds{5});
    }
  }

  task<> run_part(sender<parcel> out, std::optional<receiver<parcel>> in) {
    const part_guard known{part_};
    co_await in_task_group([&](task_group& group) {
      part_ = &group;
      group.start(&traffic::send_all, this, std::move(out), std::size_t{1});
      if (in)
        group.start(&traffic::receive_all<receiver<parcel>>, this, std::move(*in), std::size_t{0});
      group.start(&traffic::join_once, this);
    });
  }
  task<> join_once() { co_await box_.join(); }

  struct part_guard {
    task_group*& part;
    explicit part_guard(task_group*& of) noexcept : part(of) {}
    part_guard(const part_guard&) = delete;
    part_guard& operator=(const part_guard&) = delete;
    ~part_guard() { part = nullptr; }
  };

  traffic_options options_;
  ledger books_;
  mailbox<parcel> box_;
  task_group* part_ = nullptr;
};

} // namespace troupe::tests
