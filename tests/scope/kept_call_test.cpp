#include <troupe/scope/kept_call.hpp>

#include <tests/catch.hpp>

#include <memory>
#include <string>

using namespace troupe::detail;

namespace {

template <class Function, class... Args>
auto keep(Function&& function, Args&&... args) {
  return kept_call<std::decay_t<Function>, std::decay_t<Args>...>{std::in_place, std::forward<Function>(function),
                                                                  std::forward<Args>(args)...};
}

struct counter {
  int value = 0;
  int add(int more) { return value += more; }
};

} // namespace

TEST_CASE("a kept call owns copies of its arguments and passes them on as rvalues", "[scope]") {
  std::string word = "kept";
  auto call = keep([](std::string first, std::unique_ptr<int> second,
                      const char* third) { return first + std::to_string(*second) + third; },
                   word, std::make_unique<int>(7), "!");
  word = "changed";
  CHECK(call() == "kept7!");
}

TEST_CASE("a kept call takes more arguments in front", "[scope]") {
  auto call = keep([](int a, int b, int c) { return 100 * a + 10 * b + c; }, 2, 3);
  CHECK(call(1) == 123);
}

TEST_CASE("a kept call calls members of what it refers to, and gives references", "[scope]") {
  counter shared;
  auto call = keep(&counter::add, std::ref(shared), 5);
  CHECK(call() == 5);
  CHECK(shared.value == 5);
  auto reference = keep([](counter& of) -> int& { return of.value; }, std::ref(shared));
  reference() = 9;
  CHECK(shared.value == 9);
}

TEST_CASE("a kept call of a function without state is empty but for its arguments", "[scope]") {
  const auto function = [](char, char) {};
  using call = kept_call<std::decay_t<decltype(function)>, char, char>;
  CHECK(sizeof(call) == 2);
}
