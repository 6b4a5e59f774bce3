#include <troupe/simulation/schedule.hpp>

#include <tests/catch.hpp>

#include <troupe/simulation/random.hpp>

#include <string>

using namespace troupe;

TEST_CASE("a schedule is a short text, and the text is the schedule", "[simulation]") {
  const schedule made{clock_mode::race, 1, {0, 0, 0, 0, 0, 3, 4, 0, 0, 1, 35, 36, 700}};
  CHECK(made.text() == "race/1:(5)34001z[36][700]");
  CHECK(schedule::parse(made.text()) == made);
  const schedule repeated{clock_mode::race, 1, {2, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 40, 40, 40, 40, 40, 40, 40}};
  CHECK(repeated.text() == "race/1:2[1*8]33[40*7]");
  CHECK(schedule::parse(repeated.text()) == repeated);
  CHECK(schedule{clock_mode::autojump, 256, {}}.text() == "autojump/256:");
  CHECK(schedule::parse("manual/3:1") == schedule{clock_mode::manual, 3, {1}});
}

TEST_CASE("any schedule comes back from its text", "[simulation]") {
  seeded_random random{7};
  for (int i = 0; i < 1'000; ++i) {
    schedule made{clock_mode::race, 1 + static_cast<int>(random.below(300)), {}};
    for (std::uint64_t left = random.below(60); left != 0; --left)
      made.picks.insert(made.picks.end(), random.below(4) == 0 ? 1 + random.below(20) : 1,
                        static_cast<std::uint16_t>(random.below(2) == 0 ? 0 : random.below(0x10000)));
    CHECK(schedule::parse(made.text()) == made);
  }
}

TEST_CASE("zeros at the end of a schedule say nothing", "[simulation]") {
  schedule made{clock_mode::race, 1, {0, 2, 0, 0}};
  made.trim();
  CHECK(made.picks == std::vector<std::uint16_t>{0, 2});
  schedule none{clock_mode::race, 1, {0, 0}};
  none.trim();
  CHECK(none.picks.empty());
}

TEST_CASE("what is no schedule is refused, with the place and what should be there", "[simulation]") {
  const auto message = [](const char* text) -> std::string {
    try {
      static_cast<void>(schedule::parse(text));
    } catch (const schedule_error& refused) {
      return refused.what();
    }
    return "it was taken";
  };
  CHECK(message("") == "\"\" is no schedule: at character 1 there should be race, autojump or manual. A schedule looks "
                       "like race/1:(12)3(4)1; copy all of what a failed test has printed");
  CHECK(message("race:1").find("at character 5 there should be '/'") != std::string::npos);
  CHECK(message("race/x:1").find("at character 6 there should be a number") != std::string::npos);
  CHECK(message("race/1:(12").find("at character 11 there should be ')'") != std::string::npos);
  CHECK(message("race/1:(99999999999)").find("a number up to 10000000") != std::string::npos);
  CHECK(message("race/1:[70000]").find("a number up to 65535") != std::string::npos);
  CHECK(message("race/1:0-1").find("a digit, a letter") != std::string::npos);
  CHECK(message("race/0:").find("at least 1 operation") != std::string::npos);
}
