// Shapes with a closure that has captures.

#include <tests/compiler/shapes.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/offload.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <chrono>
#include <functional>

namespace troupe::tests {

namespace {

using namespace std::chrono_literals;

template <class Function>
task<int> call(Function function) {
  co_await yield();
  co_return function();
}
template <class Function>
task<int> call_forwarded(Function&& function) {
  co_await yield();
  co_return function();
}
task<int> call_erased(std::function<int()> function) {
  co_await yield();
  co_return function();
}
task<int> value_of(tracer of) {
  co_await yield();
  co_return of.value();
}
template <class Function>
auto sleep_with(Function&&) {
  return sleep_for(1ms);
}

struct counter { // what a lambda is, with a constructor
  explicit counter(const tracer& of) : held(of) {}
  int operator()() const { return held.value(); }
  tracer held;
};

task<bool> copied_by_value() {
  const tracer three{3};
  const int got = co_await call([three] { return three.value(); });
  co_return got == 3;
}
task<bool> copied_by_reference() {
  const tracer three{3};
  const int got = co_await call_forwarded([three] { return three.value(); });
  co_return got == 3;
}
task<bool> init_capture() {
  const int got = co_await call([three = tracer{3}] { return three.value(); });
  co_return got == 3;
}
task<bool> erased() {
  const tracer three{3};
  const int got = co_await call_erased([three] { return three.value(); });
  co_return got == 3;
}
task<bool> erased_explicitly() {
  const tracer three{3};
  const int got = co_await call_erased(std::function<int()>([three] { return three.value(); }));
  co_return got == 3;
}
task<bool> in_a_group() {
  const tracer three{3};
  int got = 0;
  int* const to = &got;
  co_await in_task_group([three, to](task_group& group) {
    group.start(
        [](int value, int* where) -> task<> {
          co_await yield();
          *where = value;
        },
        three.value(), to);
  });
  co_return got == 3;
}
task<bool> coroutine_in_a_group() {
  const tracer three{3};
  int got = 0;
  int* const to = &got;
  co_await in_task_group([three, to](task_group&) -> task<> {
    co_await yield();
    *to = three.value();
  });
  co_return got == 3;
}
task<bool> to_child_value() {
  const tracer three{3};
  int got = 0;
  co_await in_task_group([&](task_group& group) -> task<> {
    got = co_await group
              .start([three]() -> task<int> {
                co_await yield();
                co_return three.value();
              })
              .value();
  });
  co_return got == 3;
}
task<bool> to_sleep() {
  const tracer three{3};
  co_await sleep_with([three] { return three.value(); });
  co_return true;
}

task<bool> to_offload() {
  const tracer three{3};
  const int got = co_await offload([three] { return three.value(); });
  co_return got == 3;
}

task<bool> by_reference() {
  const tracer three{3};
  const int got = co_await call([&] { return three.value(); });
  co_return got == 3;
}
task<bool> group_by_reference() {
  const tracer three{3};
  int got = 0;
  co_await in_task_group([&](task_group& group) -> task<> { got = co_await group.start(value_of, three).value(); });
  co_return got == 3;
}
task<bool> trivial_captures() {
  int got = 0;
  const int three = tracer{3}.value();
  int* const to = &got;
  co_await call([three, to] { return *to = three; });
  co_return got == 3;
}
task<bool> named() {
  const tracer three{3};
  auto function = [three] { return three.value(); };
  const int got = co_await call(std::move(function));
  co_return got == 3;
}
task<bool> offloaded_arguments() {
  const tracer three{3};
  const int got = co_await offload_abandon([](const tracer& own) { return own.value(); }, three);
  const int got_of_temporary = co_await offload_abandon([](const tracer& own) { return own.value(); }, tracer{3});
  co_return got == 3 && got_of_temporary == 3;
}
task<bool> function_object() {
  const tracer three{3};
  const int got = co_await call(counter{three});
  co_return got == 3;
}

} // namespace

const std::vector<shape> closure_shapes = {
    {"co_await call([s]{...}), by value", copied_by_value, wrong_on_gcc},
    {"co_await call([s]{...}), by F&&", copied_by_reference, wrong_on_gcc},
    {"co_await call([s = tracer{}]{...})", init_capture, wrong_on_gcc},
    {"co_await call([s]{...}), as a std::function", erased, wrong_on_gcc},
    {"co_await call(std::function([s]{...}))", erased_explicitly, wrong_on_gcc},
    {"co_await in_task_group([s](task_group&) {...})", in_a_group, wrong_on_gcc},
    {"co_await in_task_group([s](task_group&) -> task<> {...})", coroutine_in_a_group, wrong_on_gcc},
    {"co_await group.start([s]() -> task<int> {...}).value()", to_child_value, wrong_on_gcc},
    {"co_await sleep_with([s]{...})", to_sleep, wrong_on_gcc},
    {"co_await offload([s]{...})", to_offload, wrong_on_gcc},
    {"co_await call([&]{...})", by_reference, fine_everywhere},
    {"co_await in_task_group([&](task_group&) -> task<> {...})", group_by_reference, fine_everywhere},
    {"co_await call([number, pointer]{...})", trivial_captures, fine_everywhere},
    {"auto function = [s]{...}; co_await call(std::move(function))", named, fine_everywhere},
    {"co_await offload_abandon([](const tracer&) {...}, s)", offloaded_arguments, fine_everywhere},
    {"co_await call(counter{s}), a class with a constructor", function_object, fine_everywhere},
};

} // namespace troupe::tests
