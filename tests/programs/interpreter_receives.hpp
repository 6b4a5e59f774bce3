// The part of the interpreter that receives.

#pragma once

#include <tests/programs/interpreter.hpp>

namespace troupe::tests {

template <class Item>
task<> interpreter<Item>::receive_or_drain(context& self, const statement& s, task_group& group) {
  const present here{frames_};
  bool open = true;
  if (s.what == verb::drain) {
    if (self.mine.sole[s.box])
      co_await drain(self, *self.mine.sole[s.box], s, group);
    else if (self.mine.in[s.box])
      co_await drain(self, *self.mine.in[s.box], s, group);
  } else if (self.mine.in[s.box]) {
    co_await receive(self, *self.mine.in[s.box], s, group, open);
  }
}

template <class Item>
template <class Half>
task<> interpreter<Item>::drain(context& self, const Half& from, const statement& s, task_group& group) {
  const present here{frames_};
  bool open = true;
  for (unsigned i = 0; open && (s.count == 0 || i < s.count); ++i)
    co_await caught(s, receive(self, from, s, group, open));
}

template <class Item>
template <class Half>
task<> interpreter<Item>::receive(context& self, const Half& from, const statement& s, task_group& group, bool& open) {
  const present here{frames_};
  switch (static_cast<receive_way>(s.way)) {
  case receive_way::tried:
    if (auto item = from.try_receive()) {
      co_await run_block(self, s.body, group);
      item->ended(item_handled);
    } else if (s.what == verb::drain) {
      co_await receive_one(self, from, s, group, open);
    }
    break;
  case receive_way::one:
    co_await receive_one(self, from, s, group, open);
    break;
  case receive_way::each_of_batch:
  case receive_way::whole_batch:
    co_await receive_batch(self, from, s, group, open);
    break;
  case receive_way::by_child:
    co_await receive_for_child(self, from, s, open);
    break;
  }
}

template <class Item>
template <class Half>
task<> interpreter<Item>::receive_one(context& self, const Half& from, const statement& s, task_group& group,
                                      bool& open) {
  const present here{frames_};
  auto item = co_await from.receive();
  open = static_cast<bool>(item);
  if (!open)
    co_return;
  co_await run_block(self, s.body, group);
  item->ended(item_handled);
}

template <class Item>
template <class Half>
task<> interpreter<Item>::receive_batch(context& self, const Half& from, const statement& s, task_group& group,
                                        bool& open) {
  const present here{frames_};
  const std::size_t at_most = s.count == 0 ? 3 : s.count;
  auto batch = co_await from.receive_up_to(at_most);
  open = static_cast<bool>(batch);
  if (!open)
    co_return;
  if (s.way == static_cast<std::uint8_t>(receive_way::each_of_batch)) {
    while (auto item = batch.next()) {
      co_await run_block(self, s.body, group);
      item->ended(item_handled);
    }
  } else {
    co_await run_block(self, s.body, group);
    for (Item& item : batch)
      item.ended(item_handled);
  }
}

/// A child handles the item: it is settled by another fiber than the one that took it, also when the child is not
/// started.
template <class Item>
template <class Half>
task<> interpreter<Item>::receive_for_child(context& self, const Half& from, const statement& s, bool& open) {
  const present here{frames_};
  auto item = co_await from.receive();
  open = static_cast<bool>(item);
  if (open)
    co_await in_task_group([&](task_group& inner) {
      inner.start(&interpreter::handle_in_child, this, std::ref(self), std::cref(s), std::move(item), std::ref(inner));
    });
}

template <class Item>
task<> interpreter<Item>::handle_in_child(context& self, const statement& s, received<Item> item, task_group& group) {
  const present here{frames_};
  co_await run_block(self, s.body, group);
  item->ended(item_handled);
}

} // namespace troupe::tests
