// Shapes with an aggregate that has a destructor, and with new.

#include <tests/compiler/shapes.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <variant>

namespace troupe::tests {

namespace {

using namespace std::chrono_literals;

struct order {
  tracer name;
  int amount;
};

struct pair_of_values {
  int first;
  tracer second;
};

int sum(const order& of) { return of.name.value() + of.amount; }

task<int> take(order taken) {
  co_await yield();
  co_return sum(taken);
}
task<int> look_at(const order& seen) {
  co_await yield();
  co_return sum(seen);
}
task<int> take_variant(std::variant<int, order> taken) {
  co_await yield();
  co_return sum(std::get<order>(taken));
}
template <class... Args>
task<int> build_from(Args&&... args) {
  const order made{std::forward<Args>(args)...};
  co_await yield();
  co_return sum(made);
}
auto sleep_with(order) { return sleep_for(1ms); }
auto yield_with(order) { return yield(); }
auto checkpoint_with(order) { return checkpoint(); }
task<tracer> make_tracer(int value) {
  co_await yield();
  co_return tracer{value};
}
task<int> make_int(int value) {
  co_await yield();
  co_return value;
}

task<bool> by_value_to_task() {
  const int got = co_await take(order{tracer{1}, 2});
  co_return got == 3;
}
task<bool> by_reference_to_task() {
  const int got = co_await look_at(order{tracer{1}, 2});
  co_return got == 3;
}
task<bool> braces_to_task() {
  const int got = co_await take({tracer{1}, 2});
  co_return got == 3;
}
task<bool> designated_to_task() {
  const int got = co_await take({.name = tracer{1}, .amount = 2});
  co_return got == 3;
}
task<bool> to_variant() {
  const int got = co_await take_variant(order{tracer{1}, 2});
  co_return got == 3;
}
task<bool> to_sleep() {
  co_await sleep_with(order{tracer{1}, 2});
  co_return true;
}
task<bool> to_yield() {
  co_await yield_with(order{tracer{1}, 2});
  co_return true;
}
task<bool> to_checkpoint() {
  co_await checkpoint_with(order{tracer{1}, 2});
  co_return true;
}
task<bool> to_as_outcome() {
  const outcome<int> got = co_await as_outcome(take(order{tracer{1}, 2}));
  co_return got.has_value();
}
task<bool> to_move_on_after() {
  const std::optional<int> got = co_await move_on_after(1s, take(order{tracer{1}, 2}));
  co_return got == 3;
}
task<bool> to_child_value() {
  int got = 0;
  co_await in_task_group([&](task_group& group) -> task<> {
    got = co_await group.start(take, order{tracer{1}, 2}).value();
  });
  co_return got == 3;
}
task<bool> made_from_task() {
  const pair_of_values made{co_await make_int(1), tracer{2}};
  co_await yield();
  co_return made.first + made.second.value() == 3;
}
task<bool> made_from_tracer_task() {
  const order made{co_await make_tracer(1), 2};
  co_await yield();
  co_return sum(made) == 3;
}
task<bool> made_from_child_value() {
  bool right = false;
  co_await in_task_group([&](task_group& group) -> task<> {
    auto child = group.start(make_tracer, 1);
    const order made{co_await child.value(), 2};
    right = sum(made) == 3;
  });
  co_return right;
}

task<bool> named() {
  order made{tracer{1}, 2};
  const int got = co_await take(std::move(made));
  co_return got == 3;
}
order make_order(int name, int amount) { return order{tracer{name}, amount}; }
task<bool> from_a_function() {
  const int got = co_await take(make_order(1, 2));
  co_return got == 3;
}
task<bool> in_place() {
  const int got = co_await build_from(tracer{1}, 2);
  co_return got == 3;
}
task<bool> awaited_first() {
  tracer name = co_await make_tracer(1);
  const order made{std::move(name), 2};
  co_await yield();
  co_return sum(made) == 3;
}

task<bool> named_child() {
  int got = 0;
  co_await in_task_group([&](task_group& group) -> task<> {
    const tracer any{1};
    got = co_await group.start({.name = "maker"}, make_int, 3).value();
  });
  const tracer last{2};
  co_return got == 3;
}
task<bool> made_by_new() {
  const std::unique_ptr<tracer> made{new tracer{co_await make_tracer(3)}};
  co_return made->value() == 3;
}
task<bool> made_unique() {
  tracer value = co_await make_tracer(3);
  const auto made = std::make_unique<tracer>(std::move(value));
  co_return made->value() == 3;
}

} // namespace

const std::vector<shape> aggregate_shapes = {
    {"co_await take(order{...}), by value", by_value_to_task, wrong_on_gcc},
    {"co_await look_at(order{...}), by const reference", by_reference_to_task, wrong_on_gcc},
    {"co_await take({...})", braces_to_task, wrong_on_gcc},
    {"co_await take({.name = ...})", designated_to_task, wrong_on_gcc},
    {"co_await take(order{...}), as a variant", to_variant, wrong_on_gcc},
    {"co_await sleep_with(order{...})", to_sleep, wrong_on_gcc},
    {"co_await yield_with(order{...})", to_yield, wrong_on_gcc},
    {"co_await checkpoint_with(order{...})", to_checkpoint, wrong_on_gcc},
    {"co_await as_outcome(take(order{...}))", to_as_outcome, wrong_on_gcc},
    {"co_await move_on_after(1s, take(order{...}))", to_move_on_after, wrong_on_gcc},
    {"co_await group.start(take, order{...}).value()", to_child_value, wrong_on_gcc},
    {"pair made{co_await make_int(), tracer{}}", made_from_task, wrong_on_gcc},
    {"order made{co_await make_tracer(), 2}", made_from_tracer_task, wrong_on_gcc},
    {"order made{co_await child.value(), 2}", made_from_child_value, wrong_on_gcc},
    {"order made{...}; co_await take(std::move(made))", named, fine_everywhere},
    {"co_await take(make_order())", from_a_function, fine_everywhere},
    {"co_await build_from(tracer{}, 2)", in_place, fine_everywhere},
    {"tracer name = co_await make_tracer(); order made{std::move(name), 2}", awaited_first, fine_everywhere},
    {"co_await group.start({.name = ...}, make).value()", named_child, fine_everywhere},
    {"new object{co_await make()}", made_by_new, wrong_on_gcc},
    {"auto value = co_await make(); std::make_unique<object>(std::move(value))", made_unique, fine_everywhere},
};

} // namespace troupe::tests
