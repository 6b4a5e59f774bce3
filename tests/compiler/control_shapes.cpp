// Shapes where an await stands in a condition, or is bound to several names.

#include <tests/compiler/shapes.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>

#include <chrono>

namespace troupe::tests {

namespace {

using namespace std::chrono_literals;

// ---- conditions of a coroutine without locals ----------------------------------------------------------------------

struct rounds {
  int left = 3;
  int taken = 0;
  int after = 0;
};
task<bool> more(rounds& of) {
  co_await yield();
  co_return of.left-- > 0;
}
task<bool> more_after_sleep(rounds& of) {
  co_await sleep_for(1ms);
  co_return of.left-- > 0;
}
class truth { // converts to bool, as a received message does
public:
  explicit truth(bool value) : held_(value ? 1 : 0) {}
  explicit operator bool() const { return held_.value() != 0; }

private:
  tracer held_;
};
task<truth> true_more(rounds& of) {
  co_await yield();
  co_return truth{of.left-- > 0};
}

task<> bare_while(rounds& of) {
  while (co_await more(of)) // tidy: allow bare-while-await (the shape)
    ++of.taken;
  ++of.after;
}
task<> bare_empty_while(rounds& of) {
  while (co_await more(of)) { // tidy: allow bare-while-await (the shape)
  }
  ++of.after;
}
task<> bare_while_only(rounds& of) {
  while (co_await more(of)) { // tidy: allow bare-while-await (the shape)
  }
}
task<> bare_while_object(rounds& of) {
  while (co_await true_more(of)) // tidy: allow bare-while-await (the shape)
    ++of.taken;
  ++of.after;
}
task<> bare_while_sleep(rounds& of) {
  while (co_await more_after_sleep(of)) // tidy: allow bare-while-await (the shape)
    ++of.taken;
  ++of.after;
}
task<> bare_while_waits(rounds& of) {
  while (co_await more(of)) // tidy: allow bare-while-await (the shape)
    co_await sleep_for(1ms);
}
task<> bare_while_move_on(rounds& of) {
  while (co_await move_on_after(1s, more(of))) // tidy: allow bare-while-await (the shape)
    if (of.left < 0)
      co_return;
}
task<> bare_if(rounds& of) {
  if (co_await more(of))
    ++of.taken;
  else
    of.taken = 100;
  ++of.after;
}
task<> bare_if_not(rounds& of) {
  if (!co_await more(of))
    of.taken = 100;
  ++of.after;
}
task<> bare_for(rounds& of) {
  for (; co_await more(of);)
    ++of.taken;
  ++of.after;
}
task<> bare_do(rounds& of) {
  do
    ++of.taken;
  while (co_await more(of)); // tidy: allow bare-while-await (the shape)
  ++of.after;
}
task<> bare_if_in_a_loop(rounds& of) {
  for (;;) {
    if (!co_await more(of))
      co_return;
    ++of.taken;
  }
}
task<> bare_switch(rounds& of) {
  switch (co_await more(of) ? 1 : 0) { // tidy: allow await-conditional (the shape)
  case 1:
    ++of.taken;
    break;
  default:
    of.taken = 100;
  }
  ++of.after;
}
task<> declaring_while(rounds& of) {
  while (const bool go = co_await more(of)) {
    of.taken += go ? 1 : 100;
  }
  ++of.after;
}
task<> declaring_while_object(rounds& of) {
  while (auto item = co_await true_more(of))
    ++of.taken;
  ++of.after;
}
task<> while_with_local_in_body(rounds& of) {
  while (co_await more(of)) { // tidy: allow bare-while-await (fine with a local, by luck)
    const int before = of.taken;
    of.taken = before + 1;
  }
  ++of.after;
}
task<> await_outside_of_conditions(rounds& of) {
  while (of.left > 0) {
    co_await yield();
    --of.left;
  }
  ++of.after;
}
task<> declaring_if(rounds& of) {
  if (const bool go = co_await more(of); go)
    ++of.taken;
  else
    of.taken = 100;
  ++of.after;
}
task<> while_with_local(rounds& of) {
  int before = 0;
  while (co_await more(of)) // tidy: allow bare-while-await (fine with a local, by luck)
    ++before;
  of.taken = before;
  ++of.after;
}

template <auto Loop, int Left, int Taken, int After>
task<bool> counted() {
  const tracer any{1};
  rounds of;
  task<> loop = Loop(of);
  co_await std::move(loop);
  co_return of.left == Left&& of.taken == Taken&& of.after == After;
}

// ---- structured bindings -------------------------------------------------------------------------------------------

struct two {
  tracer first;
  tracer second;
};
task<two> make_two() {
  co_await yield();
  two made{tracer{1}, tracer{2}};
  co_return made;
}
task<> bind_and_sleep() {
  auto [first, second] = co_await make_two(); // tidy: allow await-binding (the shape)
  co_await sleep_for(1h);
  static_cast<void>(first.value() + second.value());
}
task<bool> bound() {
  auto [first, second] = co_await make_two(); // tidy: allow await-binding (the shape)
  co_await yield();
  co_return first.value() + second.value() == 3;
}
task<bool> bound_and_stopped() {
  task<> sleeper = bind_and_sleep();
  const bool ended = co_await move_on_after(1s, std::move(sleeper));
  co_return !ended;
}
task<> name_and_sleep() {
  auto made = co_await make_two();
  auto& [first, second] = made;
  co_await sleep_for(1h);
  static_cast<void>(first.value() + second.value());
}
task<bool> named_and_stopped() {
  task<> sleeper = name_and_sleep();
  const bool ended = co_await move_on_after(1s, std::move(sleeper));
  co_return !ended;
}

} // namespace

const std::vector<shape> control_shapes = {
    {"while (co_await more()) ++n;", counted<bare_while, -1, 3, 1>, crash_on_gcc},
    {"while (co_await more()) {}", counted<bare_empty_while, -1, 0, 1>, crash_on_gcc},
    {"while (co_await more()) {} and nothing else", counted<bare_while_only, -1, 0, 0>, crash_on_gcc},
    {"while (co_await object()) ++n;", counted<bare_while_object, -1, 3, 1>, crash_on_gcc},
    {"while (co_await more_after_sleep()) ++n;", counted<bare_while_sleep, -1, 3, 1>, crash_on_gcc},
    {"while (co_await more()) co_await sleep_for(1ms);", counted<bare_while_waits, -1, 0, 0>, crash_on_gcc},
    {"while (co_await move_on_after(1s, more())) ...", counted<bare_while_move_on, -1, 0, 0>, crash_on_gcc},
    {"if (co_await more()) ... else ...", counted<bare_if, 2, 1, 1>, crash_on_gcc},
    {"if (!co_await more()) ...", counted<bare_if_not, 2, 0, 1>, crash_on_gcc},
    {"for (; co_await more();) ++n;", counted<bare_for, -1, 3, 1>, crash_on_gcc},
    {"do ++n; while (co_await more());", counted<bare_do, -1, 4, 1>, crash_on_gcc},
    {"for (;;) { if (!co_await more()) co_return; ++n; }", counted<bare_if_in_a_loop, -1, 3, 0>, crash_on_gcc},
    {"switch (co_await more()) ...", counted<bare_switch, 2, 1, 1>, crash_on_gcc},
    {"while (const bool go = co_await more()) ++n;", counted<declaring_while, -1, 3, 1>, fine_everywhere},
    {"while (auto item = co_await object()) ++n;", counted<declaring_while_object, -1, 3, 1>, fine_everywhere},
    {"if (const bool go = co_await more(); go) ...", counted<declaring_if, 2, 1, 1>, fine_everywhere},
    {"while (co_await more()) { int n = ...; }", counted<while_with_local_in_body, -1, 3, 1>, fine_everywhere},
    {"while (left > 0) { co_await yield(); }", counted<await_outside_of_conditions, 0, 0, 1>, fine_everywhere},
    {"int n = 0; while (co_await more()) ++n;", counted<while_with_local, -1, 3, 1>, fine_everywhere},

    {"auto [a, b] = co_await f();", bound, fine_everywhere},
    {"auto [a, b] = co_await f(); and stopped after it", bound_and_stopped, fine_everywhere},
    {"auto r = co_await f(); auto& [a, b] = r; and stopped after it", named_and_stopped, fine_everywhere},
};

} // namespace troupe::tests
