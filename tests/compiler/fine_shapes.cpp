// Shapes that are right everywhere: what the library, its tests and its examples are written in.

#include <tests/compiler/shapes.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace troupe::tests {

namespace {

using namespace std::chrono_literals;

task<int> make_int(int value) {
  co_await yield();
  co_return value;
}
task<tracer> make_tracer(int value) {
  co_await sleep_for(1ms);
  co_return tracer{value};
}
task<std::vector<tracer>> make_tracers(int count) {
  std::vector<tracer> made;
  for (int i = 1; i <= count; ++i)
    made.push_back(co_await make_tracer(i));
  co_return made;
}
task<int> value_of(tracer of) {
  co_await yield();
  co_return of.value();
}
task<int> sum(tracer first, int number, tracer second) {
  co_await yield();
  co_return first.value() + number + second.value();
}
task<int> fail(tracer) {
  co_await yield();
  throw std::runtime_error("on purpose");
}
template <class... Args>
task<int> build_from(Args&&... args) {
  std::optional<tracer> built;
  built.emplace(std::forward<Args>(args)...);
  co_await yield();
  co_return built->value();
}

task<bool> class_with_constructor() {
  const int got = co_await value_of(tracer{3});
  co_return got == 3;
}
task<bool> named_and_moved() {
  tracer three{3};
  const int got = co_await value_of(std::move(three));
  co_return got == 3;
}
task<bool> from_a_call() {
  auto make = [](int value) { return tracer{value}; };
  const int got = co_await value_of(make(3));
  co_return got == 3;
}
task<bool> in_place() {
  const int got = co_await build_from(3);
  std::vector<tracer> built;
  built.emplace_back(co_await make_int(3));
  co_return got == 3 && built.front().value() == 3;
}
task<bool> several_awaits_as_arguments() {
  const int got = co_await sum(co_await make_tracer(1), co_await make_int(2), co_await make_tracer(3));
  co_return got == 6;
}
task<bool> both_sides_of_and() {
  const bool both = co_await make_int(1) == 1 && co_await value_of(tracer{2}) == 2;
  const bool short_cut = co_await make_int(1) == 2 && co_await value_of(tracer{2}) == 2;
  co_return both && !short_cut;
}
task<bool> range_of_an_await() {
  int got = 0;
  for (const tracer& each : co_await make_tracers(3)) {
    co_await yield();
    got += each.value();
  }
  co_return got == 6;
}
task<bool> tasks_in_a_vector() {
  std::vector<task<int>> waiting;
  waiting.push_back(value_of(tracer{1}));
  waiting.push_back(value_of(tracer{2}));
  waiting.push_back(value_of(tracer{3})); // destroyed unstarted
  const int got = co_await std::move(waiting[0]) + co_await std::move(waiting[1]);
  co_return got == 3;
}
task<bool> try_and_destructors() {
  const tracer outer{1};
  bool caught = false;
  try {
    const tracer inner{2};
    co_await fail(tracer{3});
  } catch (const std::runtime_error&) {
    caught = true;
  }
  const int got = co_await value_of(outer);
  co_return caught&& got == 1;
}
task<bool> smart_pointers() {
  auto held = std::make_unique<tracer>(3);
  auto take = [](std::unique_ptr<tracer> taken, std::shared_ptr<tracer> shared) -> task<int> {
    co_await yield();
    co_return taken->value() + shared->value();
  };
  const int got = co_await take(std::move(held), std::make_shared<tracer>(4));
  co_return got == 7;
}
task<bool> strings() {
  auto length = [](std::string text) -> task<std::size_t> {
    co_await yield();
    co_return text.size();
  };
  const tracer any{1};
  const std::size_t got = co_await length("a string too long " + std::string{"for its own object"});
  co_return got == 36;
}
task<bool> pushed_one_by_one() {
  std::vector<tracer> made;
  made.reserve(2);
  made.push_back(co_await make_tracer(1));
  made.push_back(co_await make_tracer(2));
  co_return made[0].value() + made[1].value() == 3;
}
task<bool> conditional_of_numbers() {
  const tracer any{1};
  const int got =
      any.value() == 1 ? co_await make_int(3) : co_await make_int(4); // tidy: allow await-conditional (trivial)
  co_return got == 3;
}
task<bool> condition_of_a_conditional() {
  const tracer any{1};
  const int got = co_await make_int(1) == 1 ? 3 : 4; // tidy: allow await-conditional (trivial)
  co_return got == 3;
}
task<bool> children_and_limits() {
  int got = 0;
  co_await in_task_group([&](task_group& group) -> task<> {
    auto first = group.start(value_of, tracer{1});
    auto second = group.start(
        [](tracer of) -> task<tracer> {
          co_await sleep_for(1ms);
          co_return of;
        },
        tracer{2});
    got = co_await first.value();
    const tracer two = co_await second.value();
    got += two.value();
  });
  const std::optional<int> in_time = co_await move_on_after(1s, value_of(tracer{3}));
  const outcome<int> failed = co_await as_outcome(fail(tracer{4}));
  co_return got == 3 && in_time == 3 && failed.has_error();
}

} // namespace

const std::vector<shape> fine_shapes = {
    {"co_await f(object{...}), with a user-declared constructor", class_with_constructor, fine_everywhere},
    {"co_await f(std::move(named))", named_and_moved, fine_everywhere},
    {"co_await f(make())", from_a_call, fine_everywhere},
    {"co_await build_from(arguments...) and emplace(co_await f())", in_place, fine_everywhere},
    {"co_await f(co_await a(), co_await b(), co_await c())", several_awaits_as_arguments, fine_everywhere},
    {"co_await a() && co_await b()", both_sides_of_and, fine_everywhere},
    {"for (auto& each : co_await f())", range_of_an_await, fine_everywhere},
    {"co_await std::move(tasks[0])", tasks_in_a_vector, fine_everywhere},
    {"try { object held; co_await f(); } catch", try_and_destructors, fine_everywhere},
    {"co_await f(std::move(unique), std::make_shared(...))", smart_pointers, fine_everywhere},
    {"co_await f(\"...\" + std::string{...})", strings, fine_everywhere},
    {"v.push_back(co_await f());", pushed_one_by_one, fine_everywhere},
    {"c ? co_await number() : co_await other_number()", conditional_of_numbers, fine_everywhere},
    {"co_await f() == 1 ? 3 : 4", condition_of_a_conditional, fine_everywhere},
    {"children, move_on_after, as_outcome", children_and_limits, fine_everywhere},
};

} // namespace troupe::tests
