// Shapes with the conditional operator.

#include <tests/compiler/shapes.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <chrono>
#include <optional>

namespace troupe::tests {

namespace {

using namespace std::chrono_literals;

task<tracer> make_tracer(int value) {
  co_await yield();
  co_return tracer{value};
}
tracer plain_tracer(int value) { return tracer{value}; }
task<int> value_of(tracer of) {
  co_await yield();
  co_return of.value();
}
auto sleep_with(tracer) { return sleep_for(1ms); }
bool yes() { return tracers.made > 0; } // not known to the optimizer

task<bool> between_awaits() {
  tracer chosen{0};
  chosen = yes() ? co_await make_tracer(3) : co_await make_tracer(4); // tidy: allow await-conditional (the shape)
  co_return chosen.value() == 3;
}
task<bool> between_awaits_of_declaration() {
  const tracer any{1};
  const tracer chosen =
      yes() ? co_await make_tracer(3) : co_await make_tracer(4); // tidy: allow await-conditional (the shape)
  co_return chosen.value() == 3;
}
task<bool> conditional_argument() {
  const tracer any{1};
  const int got =
      co_await value_of(yes() ? plain_tracer(3) : plain_tracer(4)); // tidy: allow await-conditional (the shape)
  co_return got == 3;
}
task<bool> conditional_argument_of_sleep() {
  const tracer any{1};
  co_await sleep_with(yes() ? plain_tracer(3) : plain_tracer(4)); // tidy: allow await-conditional (the shape)
  co_return true;
}
task<bool> conditional_child_value() {
  const tracer any{1};
  bool right = false;
  co_await in_task_group([&](task_group& group) -> task<> {
    auto three = group.start(make_tracer, 3);
    auto four = group.start(make_tracer, 4);
    tracer chosen = yes() ? co_await three.value() : co_await four.value(); // tidy: allow await-conditional (the shape)
    right = chosen.value() == 3;
  });
  co_return right;
}
task<bool> if_and_else() {
  std::optional<tracer> chosen;
  tracer any{1};
  if (any.value() == 1)
    chosen.emplace(co_await make_tracer(3));
  else
    chosen.emplace(co_await make_tracer(4));
  co_return chosen->value() == 3;
}
task<bool> named_conditional() {
  const tracer any{1};
  tracer chosen = any.value() == 1 ? plain_tracer(3) : plain_tracer(4);
  const int got = co_await value_of(std::move(chosen));
  co_return got == 3;
}

} // namespace

const std::vector<shape> choice_shapes = {
    {"s = c ? co_await a() : co_await b()", between_awaits, wrong_on_gcc},
    {"auto s = c ? co_await a() : co_await b()", between_awaits_of_declaration, wrong_on_gcc},
    {"co_await f(c ? s1() : s2())", conditional_argument, wrong_on_gcc},
    {"co_await sleep_with(c ? s1() : s2())", conditional_argument_of_sleep, wrong_on_gcc},
    {"auto s = c ? co_await child.value() : co_await other.value()", conditional_child_value, wrong_on_gcc},
    {"if (c) s = co_await a(); else s = co_await b();", if_and_else, fine_everywhere},
    {"auto s = c ? s1() : s2(); co_await f(std::move(s))", named_conditional, fine_everywhere},
};

} // namespace troupe::tests
