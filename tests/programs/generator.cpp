#include <tests/programs/block_generator.hpp>

#include <utility>

namespace troupe::tests {

namespace {

class generator final : block_generator {
public:
  explicit generator(std::uint64_t seed) : block_generator(seed) {}

  program generate() {
    made_.calm = one_in(4);
    made_.boxed = one_in(4);
    const std::size_t boxes = 1 + random_.below(boxes_max);
    for (std::size_t i = 0; i < boxes; ++i)
      made_.boxes.push_back(box());
    for (std::size_t i = 0; i < boxes; ++i)
      made_.body.push_back(consumer(i));
    const std::size_t workers = 2 + random_.below(4);
    for (std::size_t i = 0; i < workers; ++i)
      made_.body.push_back(worker());
    if (one_in(3))
      made_.body.push_back(watcher());
    for (std::size_t i = made_.body.size(); i > 1; --i)
      std::swap(made_.body[i - 1], made_.body[random_.below(i)]);
    for (unsigned depth = 0; depth < 2 && one_in(2); ++depth)
      put_some_in_a_house();
    unsigned number = 0;
    for_each_statement(made_.body, [&](statement& s) {
      if (s.what == verb::start)
        s.count = ++number;
      if (s.what == verb::house)
        drop_handles(s.body);
    });
    drop_handles(made_.body);
    return std::move(made_);
  }

private:
  static void drop_handles(block& starts) {
    for (statement& each : starts)
      each.way = static_cast<std::uint8_t>(start_way::drop_handle);
  }
  box_plan box() {
    constexpr std::size_t capacities[] = {1, 1, 1, 2, 3, 5, 100};
    constexpr overflow strategies[] = {overflow::suspend,     overflow::suspend, overflow::suspend,
                                       overflow::suspend,     overflow::reject,  overflow::drop_newest,
                                       overflow::drop_oldest, overflow::conflate};
    box_plan plan;
    plan.capacity = capacities[random_.below(std::size(capacities))];
    plan.on_full = made_.calm ? overflow::suspend : strategies[random_.below(std::size(strategies))];
    if (!made_.calm && one_in(6))
      plan.max_age = 2 + static_cast<unsigned>(random_.below(20));
    plan.one_reader = plan.on_full == overflow::conflate || random_.below(5) < 2;
    plan.shared = !plan.one_reader && one_in(2);
    return plan;
  }

  statement consumer(std::size_t box) {
    statement drain{verb::drain, box};
    drain.way = static_cast<std::uint8_t>(random_.below(5));
    drain.caught = !made_.calm && !one_in(4);
    if (!made_.calm && one_in(6))
      drain.count = 1 + static_cast<unsigned>(random_.below(6));
    context in;
    in.sends = some_of(all_boxes() & ~(bit(box + 1) - 1));
    in.above = in.group_above = static_cast<int>(box);
    in.may_receive = in.group_may_receive = false;
    in.sends_count = !made_.boxes[box].shared && drain.way != static_cast<std::uint8_t>(receive_way::whole_batch);
    in.times = 16; // no loops: it is run for each item
    in.depth = 3;
    if (!one_in(3))
      drain.body = some(in, 2);
    statement fiber{verb::start};
    fiber.sends = in.sends;
    fiber.receives = fiber.drains = bit(box);
    fiber.body.push_back(std::move(drain));
    return fiber;
  }

  statement worker() {
    context in;
    in.sends = some_of(all_boxes());
    if (in.sends == 0 || one_in(3))
      in.sends |= bit(made_.boxes.size() - 1);
    in.receives = some_of(shared_boxes());
    for (std::size_t i = made_.boxes.size(); i > 0; --i)
      if ((in.sends & bit(i - 1)) != 0)
        in.below = static_cast<int>(i) - 1;
    if (in.receives != 0 && one_in(4)) {
      in.sends = 0;
      in.below = boxes_max;
    }
    return fiber_of(in, 2 + random_.below(4));
  }

  statement watcher() {
    statement fiber{verb::start};
    for (std::size_t i = 0; i <= random_.below(2); ++i)
      fiber.body.push_back(statement{verb::join, random_.below(made_.boxes.size())});
    return fiber;
  }

  void put_some_in_a_house() {
    statement house{verb::house};
    house.caught = !one_in(4);
    statement fiber{verb::start};
    const std::size_t count = 1 + random_.below(made_.body.size());
    for (std::size_t i = 0; i < count; ++i) {
      fiber.sends |= made_.body.back().sends;
      fiber.receives |= made_.body.back().receives;
      fiber.drains |= made_.body.back().drains;
      house.body.push_back(std::move(made_.body.back()));
      made_.body.pop_back();
    }
    if (!made_.calm && one_in(4)) {
      statement limit{verb::limit};
      limit.way = static_cast<std::uint8_t>(random_.below(2));
      limit.caught = one_in(2);
      limit.count = 5 + static_cast<unsigned>(random_.below(40));
      limit.body.push_back(std::move(house));
      fiber.body.push_back(std::move(limit));
    } else {
      fiber.body.push_back(std::move(house));
    }
    if (one_in(2))
      fiber.body.push_back(statement{verb::yield});
    made_.body.insert(made_.body.begin() + static_cast<std::ptrdiff_t>(random_.below(made_.body.size() + 1)),
                      std::move(fiber));
  }
};

} // namespace

program program::from_seed(std::uint64_t seed) { return generator{seed}.generate(); }

} // namespace troupe::tests
