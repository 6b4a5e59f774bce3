// Runs a random program on any executor, and keeps its books.

#pragma once

#include <tests/programs/books.hpp>
#include <tests/programs/guards.hpp>
#include <tests/programs/halves_held.hpp>
#include <tests/programs/program.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

/// One run of one program. Run `run()` as a root, then ask for `problems()`.
template <class Item>
class interpreter {
public:
  /// `alone`: one fiber runs at a time, as in the simulator.
  interpreter(const program& of, bool alone, fault spoiled_by)
      : program_(of), alone_(alone), books_(of.items_max(), spoiled_by) {
    boxes_.reserve(of.boxes.size());
    for (const box_plan& plan : of.boxes)
      boxes_.emplace_back(
          capacity{plan.capacity}, plan.on_full,
          [this](Item&& item, drop_reason reason) {
            item.ended(static_cast<std::size_t>(reason));
            if (books_.spoiled_by() == fault::keeps_an_item && !kept_)
              kept_.emplace(std::move(item));
          },
          plan.max_age != 0 ? duration{std::chrono::microseconds{plan.max_age}} : duration::max());
  }

  task<> run() {
    const present here{frames_};
    halves_held<Item> all{program_, boxes_};
    if (books_.spoiled_by() == fault::keeps_a_sender)
      kept_sender_.emplace(*all.out[boxes_.size() - 1]);
    co_await in_task_group([&](task_group& group) { start_and_let_go(all, program_.body, group); });
  }

  std::vector<mailbox<Item>>& boxes() noexcept { return boxes_; }

  /// Empty when all is as it should be. After the run.
  std::string problems(const outcome<>& ended) {
    std::string found;
    if (ended.cancelled())
      found += "the program was cancelled by nobody\n";
    if (ended.has_error()) {
      if (!program_.may_fail())
        found += "the program failed, and nothing in it may\n";
      books_.note_unplanned(ended.error());
    }
    if (frames_.made != frames_.gone)
      found += "of " + std::to_string(frames_.made) + " frames " + std::to_string(frames_.gone) + " have gone\n";
    if (starts_ != begun_ + refused_)
      found += "of " + std::to_string(starts_) + " fibers " + std::to_string(begun_) + " have begun and " +
               std::to_string(refused_) + " were refused\n";
    for (std::size_t i = 0; i < boxes_.size(); ++i)
      found += books_.problems(i, boxes_[i].statistics());
    return found + books_.problems();
  }

private:
  /// What the statements of one fiber share.
  struct context {
    explicit context(halves_held<Item>& holds, unsigned fiber_number) : mine(holds), number(fiber_number) {}
    halves_held<Item>& mine;
    unsigned number;
  };

  // -- fibers and groups ----------------------------------------------------------------------------------------------

  task<> fiber_body(halves_held<Item> mine, const statement& plan, task_group& group) {
    ++begun_;
    const present here{frames_};
    context self{mine, plan.count};
    co_await run_block(self, plan.body, group);
  }

  child<> start_one(halves_held<Item>& from, const statement& s, task_group& group) {
    ++starts_;
    child<> started = group.start(&interpreter::fiber_body, this, from.part(s), std::cref(s), std::ref(group));
    if (started.ended() && started.result().cancelled() &&
        started.result().cause().reason == cancel_reason::scope_closed)
      ++refused_;
    return started;
  }
  void start_and_let_go(halves_held<Item>& from, const block& starts, task_group& group) {
    for (const statement& s : starts)
      static_cast<void>(start_one(from, s, group));
    from.let_go();
  }

  task<> start(context& self, const statement& s, task_group& group) {
    const present here{frames_};
    const child<> started = start_one(self.mine, s, group);
    switch (static_cast<start_way>(s.way)) {
    case start_way::drop_handle:
      break;
    case start_way::wait:
      co_await started.wait_ended();
      if (alone_ && started.result().has_error() && !group.stopping())
        books_.note("a child has failed, and its group goes on");
      break;
    case start_way::take_value:
      co_await started.value();
      break;
    case start_way::cancel_it:
      started.cancel();
      break;
    }
  }

  task<> own_group(context& self, const statement& s) {
    const present here{frames_};
    co_await in_task_group([&](task_group& inner) -> task<> { return run_block(self, s.body, inner); });
  }
  task<> house(context& self, const statement& s) {
    const present here{frames_};
    co_await in_task_group([&](task_group& inner) { start_and_let_go(self.mine, s.body, inner); });
  }
  task<> limit(context& self, const statement& s, task_group& group) {
    const present here{frames_};
    const std::chrono::microseconds at_most{s.count};
    if (s.way != 0)
      co_await fail_after(at_most, run_block(self, s.body, group));
    else
      co_await move_on_after(at_most, run_block(self, s.body, group));
  }

  /// Runs a part of a statement; its errors end here if the statement says so.
  task<> caught(const statement& s, task<> part) {
    const present here{frames_};
    if (!s.caught) {
      co_await std::move(part);
      co_return;
    }
    outcome<> ended = co_await as_outcome(std::move(part));
    if (ended.has_error())
      books_.note_unplanned(ended.error());
  }

  // -- statements -----------------------------------------------------------------------------------------------------

  /// Whether a wait that the statement begins with must not come back. Where nothing runs beside this fiber a stop is
  /// complete, and concerns all in the group.
  bool must_stop(const statement& s, const task_group& group) const {
    return begins_with_a_wait(s) && (this_fiber::pointer()->stop_pending() || (alone_ && group.stopping()));
  }

  task<> run_block(context& self, const block& of, task_group& group) {
    const present here{frames_};
    for (const statement& s : of) {
      const bool comes_back = !must_stop(s, group);
      switch (s.what) {
      case verb::send:
        co_await send(self, s);
        break;
      case verb::permit:
        co_await permit(self, s, group);
        break;
      case verb::receive:
      case verb::drain:
        co_await receive_or_drain(self, s, group);
        break;
      case verb::join:
        co_await boxes_[s.box].join();
        break;
      case verb::close:
        boxes_[s.box].close();
        break;
      case verb::close_and_return:
        for (auto& each : boxes_[s.box].close_and_return())
          detail::opened(each).ended(item_returned);
        break;
      case verb::yield:
        co_await yield();
        break;
      case verb::checkpoint:
        co_await checkpoint();
        break;
      case verb::sleep:
        co_await sleep_for(std::chrono::microseconds{s.count});
        break;
      case verb::limit:
        co_await caught(s, limit(self, s, group));
        break;
      case verb::group:
        co_await caught(s, own_group(self, s));
        break;
      case verb::house:
        co_await caught(s, house(self, s));
        break;
      case verb::start:
        co_await start(self, s, group);
        break;
      case verb::fail:
        throw planned_failure{};
      case verb::cancel:
        group.cancel();
        break;
      case verb::repeat:
        for (unsigned i = 0; i < s.count; ++i)
          co_await run_block(self, s.body, group);
        break;
      }
      if (!comes_back)
        books_.note("a wait in a scope that was stopped came back");
    }
  }

  task<> send(context& self, const statement& s) {
    const present here{frames_};
    const sender<Item>& out = *self.mine.out[s.box];
    send_status status = send_status::accepted;
    switch (static_cast<send_way>(s.way)) {
    case send_way::made:
      status = co_await out.send(books_, self.number, std::size_t{s.box});
      break;
    case send_way::moved: {
      Item item{books_, self.number, s.box};
      status = co_await out.send(std::move(item));
      if (item.is_here() == (status == send_status::accepted))
        books_.note("a sent object is moved from exactly when it is accepted");
      break;
    }
    case send_way::copied: {
      Item item{books_, self.number, s.box};
      item.ended(item_kept); // the copy is another item
      status = co_await out.send(item);
      break;
    }
    case send_way::tried: {
      Item item{books_, self.number, s.box};
      if (out.try_send(std::move(item)) == send_status::accepted)
        break;
      if (item.is_here())
        item.ended(item_kept);
      else
        books_.note("a refused item was moved from");
      break;
    }
    }
    const overflow on_full = program_.boxes[s.box].on_full;
    if ((status == send_status::full && on_full != overflow::reject) ||
        (status == send_status::dropped && (on_full == overflow::suspend || on_full == overflow::reject)))
      books_.note("a send ended as its mailbox does not end it");
  }

  task<> permit(context& self, const statement& s, task_group& group) {
    const present here{frames_};
    troupe::permit<Item> slot = co_await self.mine.out[s.box]->reserve();
    co_await run_block(self, s.body, group);
    if (slot && s.way != 0)
      slot.send(books_, self.number, std::size_t{s.box});
  }

  // -- receiving, in interpreter_receives.hpp
  // --------------------------------------------------------------------------

  task<> receive_or_drain(context& self, const statement& s, task_group& group);
  template <class Half>
  task<> drain(context& self, const Half& from, const statement& s, task_group& group);
  /// `open` becomes false when there is nothing any more.
  template <class Half>
  task<> receive(context& self, const Half& from, const statement& s, task_group& group, bool& open);
  template <class Half>
  task<> receive_one(context& self, const Half& from, const statement& s, task_group& group, bool& open);
  template <class Half>
  task<> receive_batch(context& self, const Half& from, const statement& s, task_group& group, bool& open);
  template <class Half>
  task<> receive_for_child(context& self, const Half& from, const statement& s, bool& open);
  task<> handle_in_child(context& self, const statement& s, received<Item> item, task_group& group);

  const program& program_;
  const bool alone_;
  item_books books_;
  std::vector<mailbox<Item>> boxes_;
  frame_census frames_;
  std::atomic<std::size_t> starts_{0};
  std::atomic<std::size_t> begun_{0};
  std::atomic<std::size_t> refused_{0};
  std::optional<Item> kept_;
  std::optional<sender<Item>> kept_sender_;
};

} // namespace troupe::tests

#include <tests/programs/interpreter_receives.hpp>
