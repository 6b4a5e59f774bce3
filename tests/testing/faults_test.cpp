#include <troupe/testing/faults.hpp>

#include <tests/catch.hpp>

#include <troupe/simulation/random.hpp>

#include <set>
#include <stdexcept>
#include <string>

using namespace troupe;

TEST_CASE("each fault has its name", "[testing]") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < faults_count; ++i) {
    names.insert(to_string(static_cast<fault>(i)));
    CHECK(all_faults.has(static_cast<fault>(i)));
  }
  CHECK(names.size() == faults_count);
}

TEST_CASE("a set of faults has those that it was made of", "[testing]") {
  const fault_set one{fault::crash};
  CHECK(one.has(fault::crash));
  CHECK_FALSE(one.has(fault::cancel));
  const fault_set both = one | fault::cancel;
  CHECK(both.has(fault::cancel));
  CHECK_FALSE(both.has(fault::hang));
}

TEST_CASE("a fault of a sweep is a short text, and the text is the fault", "[testing]") {
  const swept_fault made{fault::failing_start, 17};
  CHECK(made.text() == "failing_start@17");
  CHECK(swept_fault::parse("failing_start@17") == made);
  for (const char* wrong : {"", "crash", "crash@", "crash@x", "crash@1x", "@1", "crush@1"})
    CHECK_THROWS_AS(swept_fault::parse(wrong), std::invalid_argument);
}

TEST_CASE("an armed fault concerns a path, or the end of one, so many times", "[testing]") {
  armed_fault armed = crash("worker").times(2);
  CHECK(armed.concerns("/app/worker"));
  CHECK(armed.concerns("worker"));
  CHECK_FALSE(armed.concerns("/app/coworker"));
  CHECK_FALSE(armed.concerns("/worker/db"));
  CHECK(crash("/app/worker").concerns("/app/worker"));
  CHECK(crash().concerns("/anything"));
  CHECK(armed.times_left() == 2);
  armed.strike();
  CHECK(armed.times_left() == 1);
}

TEST_CASE("a planned fault strikes always, at the nth opportunity, by chance, or until it recovers", "[testing]") {
  const auto strikes = [](armed_fault plan) {
    std::string which;
    seeded_random random{5};
    for (int i = 0; i < 6; ++i)
      which += plan.strikes(random.next()) ? 'x' : '.';
    return which;
  };
  CHECK(strikes(failing_at("disk").always()) == "xxxxxx");
  CHECK(strikes(failing_at("disk").always().times(2)) == "xx....");
  CHECK(strikes(failing_at("disk").recovers_after(3)) == "xxx...");
  CHECK(strikes(failing_at("disk").nth(4)) == "...x..");
  CHECK(strikes(failing_at("disk").with_probability(0)) == "......");
  CHECK(strikes(failing_at("disk").with_probability(1)) == "xxxxxx");
  armed_fault often = failing_at("disk").with_probability(0.75);
  seeded_random random{7};
  int times = 0;
  for (int i = 0; i < 10'000; ++i)
    times += often.strikes(random.next()) ? 1 : 0;
  CHECK(times > 7'300);
  CHECK(times < 7'700);
}
