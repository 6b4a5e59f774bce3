// (s5) Groups in groups whose children fail and are started while others stop; and a mailbox that is drained by
// consumers that crash.

#include <tests/mailbox/parcel.hpp>
#include <tests/scenarios/all_applications.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/random.hpp>

#include <stdexcept>

namespace troupe::tests {

namespace {

class nested_groups_scenario final : public application {
public:
  nested_groups_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {}

  task<> run() override {
    co_await in_task_group([&](task_group& all) {
      all.start(&nested_groups_scenario::branch, this, 0);
      all.start(&nested_groups_scenario::drain, this);
    });
    ended_ = true;
  }

  std::string problems() const override {
    std::string text = wrong_ + books_.problems(box_.statistics());
    if (frames_ != 0 || arguments_ != 0)
      text += std::to_string(frames_) + " frames and " + std::to_string(arguments_) + " arguments are left\n";
    if (entered_ != left_)
      text += std::to_string(entered_) + " children were entered, " + std::to_string(left_) + " left by their exit\n";
    return text;
  }
  bool whole() const override { return ended_ && drained_; }

private:
  static constexpr int depth_max = 2;
  static constexpr std::size_t items = 12;

  /// What a child is given: gone with it, or at once where it is refused.
  class argument {
  public:
    explicit argument(int& count) noexcept : count_(&count) { ++*count_; }
    argument(const argument& other) noexcept : count_(other.count_) { ++*count_; }
    argument& operator=(const argument&) = delete;
    ~argument() { --*count_; }

  private:
    int* count_;
  };

  /// While it is there, one more is.
  class present_mark {
  public:
    explicit present_mark(int& count) noexcept : count_(count) { ++count_; }
    present_mark(const present_mark&) = delete;
    present_mark& operator=(const present_mark&) = delete;
    ~present_mark() { --count_; }

  private:
    int& count_;
  };

  // -- groups in groups -----------------------------------------------------------------------------------------------

  /// A group with leaves and a branch; its failure goes no further. None of its children is there behind it.
  task<> branch(int depth) {
    int alive = 0;
    static_cast<void>(co_await as_outcome(in_task_group([&](task_group& group) {
      for (int i = 0; i < 3; ++i)
        group.start(&nested_groups_scenario::leaf, this, std::ref(alive), std::ref(group), i + 3 * depth,
                    argument{arguments_});
      if (depth < depth_max)
        group.start(&nested_groups_scenario::branch, this, depth + 1);
    })));
    if (alive != 0)
      wrong_ += std::to_string(alive) + " children are there behind their group\n";
  }

  task<> leaf(int& alive, task_group& group, int number, argument) {
    const present_mark here{alive};
    const present_mark frame{frames_};
    co_await in_exit_stack([&](exit_stack& stack) -> task<> {
      ++entered_;
      stack.push(&nested_groups_scenario::leave, this, std::ref(alive), std::ref(group), number);
      co_await sleep_for(std::chrono::microseconds{2 + number});
      if (seeded_random{seed_ + static_cast<std::uint64_t>(number)}.below(3) == 0)
        throw std::runtime_error("a leaf fails");
      co_await sleep_for(std::chrono::microseconds{2 + number});
    });
  }
  /// On its way out, which may be because its group stops, it starts another one.
  task<> leave(int& alive, task_group& group, int number) {
    ++left_;
    co_await sleep_for(std::chrono::microseconds{1});
    const bool is_stopping = group.stopping();
    const child<> last = group.start(&nested_groups_scenario::last_leaf, this, std::ref(alive), argument{arguments_});
    if (is_stopping && !last.ended())
      wrong_ += "leaf " + std::to_string(number) + " could start another one in a group that is stopping\n";
  }
  task<> last_leaf(int& alive, argument) {
    const present_mark here{alive};
    const present_mark frame{frames_};
    co_await sleep_for(std::chrono::microseconds{3});
  }

  // -- drain and join -------------------------------------------------------------------------------------------------

  task<> drain() {
    co_await in_task_group([&](task_group& group) {
      child<> producer = group.start(&nested_groups_scenario::produce, this, box_.sender());
      for (std::uint64_t i = 0; i < 2; ++i)
        group.start(&nested_groups_scenario::consume_and_crash, this, box_.receiver(), i);
      group.start(&nested_groups_scenario::join_all, this, std::move(producer));
    });
  }
  task<> produce(sender<parcel> out) {
    for (std::size_t number = 0; number < items; ++number) {
      parcel item{books_, number};
      const kept_unless_sent mine{item};
      const send_status sent = co_await out.send(std::move(item));
      if (sent == send_status::closed)
        co_return;
    }
  }
  struct kept_unless_sent {
    parcel& item;
    explicit kept_unless_sent(parcel& of) noexcept : item(of) {}
    kept_unless_sent(const kept_unless_sent&) = delete;
    ~kept_unless_sent() {
      if (item.is_here() && !item.has_ended())
        item.kept();
    }
  };
  task<> consume_and_crash(receiver<parcel> in, std::uint64_t who) {
    seeded_random draw{seed_ + who};
    for (bool open = true; open;) {
      static_cast<void>(co_await as_outcome(consume(in, draw, open)));
      co_await checkpoint();
    }
  }
  task<> consume(const receiver<parcel>& in, seeded_random& draw, bool& open) {
    open = false;
    while (auto item = co_await in.receive()) {
      open = true;
      co_await sleep_for(std::chrono::microseconds{2});
      if (draw.below(4) == 0)
        throw std::runtime_error("a consumer crashes");
      if (!broken_ || item->number() != items / 2)
        item->handled();
      open = false;
    }
  }
  /// Once the producer is done, a join means that all is.
  task<> join_all(child<> producer) {
    co_await producer.wait_ended();
    co_await box_.join();
    const mailbox_statistics now = box_.statistics();
    if (now.settled != now.sent || now.depth != 0 || now.in_hand != 0)
      wrong_ += "a join was over before everything was settled\n";
    drained_ = true;
  }

  const std::uint64_t seed_;
  const bool broken_;
  int frames_ = 0, arguments_ = 0;
  int entered_ = 0, left_ = 0;
  ledger books_{items};
  mailbox<parcel> box_{capacity{2}, into_the_books()};
  bool drained_ = false;
  bool ended_ = false;
  std::string wrong_;
};

} // namespace

application_kind nested_groups() {
  return described<nested_groups_scenario>(
      "nested groups",
      "No child outlives its group, each leaves by its exit once, and a join means that all is settled.",
      "a consumer lets go of an item that it has not handled");
}

} // namespace troupe::tests
