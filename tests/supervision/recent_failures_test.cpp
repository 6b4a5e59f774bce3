#include <troupe/supervision/recent_failures.hpp>

#include <tests/catch.hpp>

#include <chrono>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// Notes a failure of `/1`, `/2`, … at so many seconds.
class noted {
public:
  void at(int second) {
    last_.note({"/" + std::to_string(++count_), 1, {}, instant{std::chrono::seconds{second}}}, 5s);
  }
  std::string taken() {
    std::string paths;
    for (const child_failure& each : last_.take(5s))
      paths += each.path + " ";
    return paths;
  }

private:
  detail::recent_failures last_;
  int count_ = 0;
};

} // namespace

TEST_CASE("a supervisor tells the failures of the last period, in order of time", "[supervision][A5]") {
  noted some;
  CHECK(some.taken().empty());
  for (const int second : {0, 4, 5, 9, 10})
    some.at(second);
  CHECK(some.taken() == "/3 /4 /5 "); // the first bound counts
  CHECK(some.taken().empty());
  some.at(10);
  some.at(16); // nothing of what was before is left
  CHECK(some.taken() == "/7 ");
}

TEST_CASE("of more failures than it tells a supervisor tells the newest", "[supervision][A5]") {
  constexpr int most = escalated::failures_max;
  for (const int extra : {0, 1, most - 1, most, 3 * most + 7}) {
    noted many;
    std::string newest;
    for (int i = 1; i <= most + extra; ++i) {
      many.at(1);
      if (i > extra)
        newest += "/" + std::to_string(i) + " ";
    }
    CHECK(many.taken() == newest);
    many.at(2);
    CHECK(many.taken() == "/" + std::to_string(most + extra + 1) + " ");
  }
}
