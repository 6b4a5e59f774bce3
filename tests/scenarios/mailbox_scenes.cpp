#include "item_books.hpp"
#include "standard_scenes.hpp"

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <chrono>
#include <functional>
#include <optional>

namespace troupe::tests {

namespace {

using namespace std::chrono_literals;

undelivered_handler<int> into(item_books& books) {
  return [&books](int&& item, drop_reason why) { books.dropped(item, why); };
}

task<> sends(sender<int> to, item_books& books, int number) {
  for (int i = 1; i <= 4; ++i) {
    const send_status status = co_await to.send(100 * number + i);
    if (status == send_status::accepted)
      books.accepted(100 * number + i);
  }
}

/// Holds a slot for a while, and uses every second one.
task<> sends_by_permit(sender<int> to, item_books& books, int number, duration hold) {
  for (int i = 1; i <= 4; ++i) {
    permit<int> slot = co_await to.reserve();
    if (!slot)
      co_return;
    co_await sleep_for(hold);
    if (i % 2 == 0) {
      slot.send(100 * number + i);
      books.accepted(100 * number + i);
    }
  }
}

task<> receives(receiver<int> from, item_books& books) {
  while (auto item = co_await from.receive()) {
    books.begun(*item);
    co_await checkpoint();
  }
}

task<> reads(inbox<int> from, item_books& books) {
  while (auto item = co_await from.receive()) {
    books.begun(*item);
    co_await checkpoint();
  }
}

task<> joins(const mailbox<int>& all) {
  for (int i = 0; i < 3; ++i) {
    co_await yield();
    co_await all.join();
  }
}

task<> cancels(child<> first, child<> second) {
  co_await yield();
  first.cancel();
  co_await yield();
  second.cancel();
}

/// Two receivers, three senders, one with permits; a sender and a receiver are cancelled in the middle.
class shared_mailbox final : public scene {
public:
  task<> run() override {
    const mailbox<int> box{capacity{2}, into(books_)};
    co_await in_task_group([&](task_group& group) {
      child<> stopped_sender = group.start(sends, box.sender(), std::ref(books_), 1);
      group.start(sends, box.sender(), std::ref(books_), 2);
      group.start(sends_by_permit, box.sender(), std::ref(books_), 3, duration{});
      child<> stopped_receiver = group.start(receives, box.receiver(), std::ref(books_));
      group.start(receives, box.receiver(), std::ref(books_));
      group.start(joins, std::cref(box));
      group.start(joins, std::cref(box));
      group.start(cancels, std::move(stopped_sender), std::move(stopped_receiver));
      group.start(closes_later, std::cref(box));
    });
  }
  findings problems() const override { return books_.problems(); }

private:
  static task<> closes_later(const mailbox<int>& all) {
    co_await sleep_for(1s);
    all.close();
  }

  item_books books_;
};

/// There is room for one, and who has it takes his time; it is closed meanwhile.
class permits final : public scene {
public:
  task<> run() override {
    const mailbox<int> box{capacity{1}, into(books_)};
    co_await in_task_group([&](task_group& group) {
      group.start(sends_by_permit, box.sender(), std::ref(books_), 1, duration{30ms});
      group.start(sends_by_permit, box.sender(), std::ref(books_), 2, duration{20ms});
      group.start(sends, box.sender(), std::ref(books_), 3);
      for (int i = 0; i < 3; ++i)
        group.start(receives, box.receiver(), std::ref(books_));
      group.start(closes, std::cref(box));
    });
  }
  findings problems() const override { return books_.problems(); }

private:
  static task<> closes(const mailbox<int>& box) {
    co_await sleep_for(110ms);
    box.close();
  }

  item_books books_;
};

/// One reader takes from two mailboxes in turns, and is not in step with who sends to them.
class two_mailboxes final : public scene {
public:
  task<> run() override {
    const mailbox<int> first{capacity{2}, into(first_)}, second{capacity{1}, into(second_)};
    co_await in_task_group([&](task_group& group) {
      group.start(reads_both, first.inbox(), second.inbox(), std::ref(*this));
      group.start(sends_both, first.sender(), second.sender(), std::ref(*this));
    });
  }
  findings problems() const override {
    return first_.problems() + first_.problems_of_order() + second_.problems() + second_.problems_of_order();
  }

private:
  static task<> sends_one(const sender<int>& to, item_books& books, int item) {
    const send_status status = co_await to.send(item);
    if (status == send_status::accepted)
      books.accepted(item);
  }
  static task<> sends_both(sender<int> to, sender<int> also_to, two_mailboxes& of) {
    for (int i = 0; i < 4; ++i) {
      for (int j = 1; j <= 3; ++j)
        co_await sends_one(to, of.first_, 100 + 3 * i + j);
      co_await sends_one(also_to, of.second_, 101 + i);
    }
  }
  static task<> reads_both(inbox<int> from, inbox<int> also_from, two_mailboxes& of) {
    for (int i = 0; i < 16; ++i) {
      const bool is_second = i % 4 == 2; // before the third of the first one, which is sent before it
      inbox<int>& next = is_second ? also_from : from;
      auto item = co_await next.receive();
      if (!item)
        co_return;
      (is_second ? of.second_ : of.first_).begun(*item);
    }
  }

  item_books first_, second_;
};

/// One reader, which claims; four senders, more than there is room for.
class read_by_one final : public scene {
public:
  task<> run() override {
    const mailbox<int> box{capacity{3}, into(books_)};
    co_await in_task_group([&](task_group& group) {
      for (int number = 1; number <= 4; ++number)
        group.start(sends, box.sender(), std::ref(books_), number);
      group.start(reads, box.inbox(), std::ref(books_));
      group.start(joins, std::cref(box));
      group.start(joins, std::cref(box));
      group.start(closes_once_all_have, std::cref(box));
    });
  }
  findings problems() const override { return books_.problems() + books_.problems_of_order(); }

private:
  static task<> closes_once_all_have(const mailbox<int>& all) {
    co_await sleep_for(1s);
    co_await all.join();
    all.close();
  }

  item_books books_;
};

/// Mailboxes that drop what has no room, each in its way; limits on sends that wait.
class dropping_mailboxes final : public scene {
public:
  task<> run() override {
    const mailbox<int> refusing{capacity{1}, overflow::reject, into(refused_)};
    const mailbox<int> oldest{capacity{2}, overflow::drop_oldest, into(oldest_)};
    const mailbox<int> latest{capacity{1}, overflow::conflate, into(latest_)};
    const mailbox<int> waiting{capacity{1}, into(waiting_)};
    co_await in_task_group([&](task_group& group) {
      group.start(sends, refusing.sender(), std::ref(refused_), 1);
      group.start(sends, refusing.sender(), std::ref(refused_), 2);
      group.start(receives, refusing.receiver(), std::ref(refused_));
      group.start(sends, oldest.sender(), std::ref(oldest_), 1);
      group.start(reads, oldest.inbox(), std::ref(oldest_));
      group.start(sends, latest.sender(), std::ref(latest_), 1);
      group.start(reads, latest.inbox(), std::ref(latest_));
      group.start(sends_for_a_second, waiting.sender(), std::ref(waiting_), 1);
      group.start(sends_for_a_second, waiting.sender(), std::ref(waiting_), 2);
      group.start(reads_slowly, waiting.inbox(), std::ref(waiting_));
      group.start(closes_all, refusing, oldest, latest, waiting);
    });
  }
  findings problems() const override {
    return refused_.problems() + oldest_.problems() + oldest_.problems_of_order() + latest_.problems() +
           latest_.problems_of_order() + waiting_.problems() + waiting_.problems_of_order();
  }

private:
  static task<> sends_for_a_second(sender<int> to, item_books& books, int number) {
    static_cast<void>(co_await move_on_after(1s, sends(std::move(to), books, number)));
  }
  static task<> reads_slowly(inbox<int> from, item_books& books) {
    while (auto item = co_await from.receive()) {
      books.begun(*item);
      co_await sleep_for(400ms);
    }
  }
  static task<> closes_all(mailbox<int> a, mailbox<int> b, mailbox<int> c, mailbox<int> d) {
    co_await sleep_for(5s);
    for (const mailbox<int>& each : {a, b, c, d})
      each.close();
  }

  item_books refused_, oldest_, latest_, waiting_;
};

} // namespace

std::vector<scene_kind> mailbox_scenes() {
  return {
      {"shared_mailbox",
       "Two receivers share what three senders send; who is cancelled neither loses nor doubles an item.",
       make_scene<shared_mailbox>},
      {"permits", "Who waits for a slot gets it as soon as its holder does not need it, also when it is closed.",
       make_scene<permits>},
      {"two_mailboxes", "What a reader has taken is room for who sends, while it waits for something else.",
       make_scene<two_mailboxes>},
      {"read_by_one", "Four senders wait for room in a mailbox with one reader; all is received, in the order of each.",
       make_scene<read_by_one>},
      {"dropping_mailboxes",
       "Mailboxes that drop what has no room say so of each item; a send with a limit loses none.",
       make_scene<dropping_mailboxes>},
  };
}

} // namespace troupe::tests
