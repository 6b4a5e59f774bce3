#include <troupe/simulation/schedule.hpp>

#include <algorithm>
#include <charconv>

namespace troupe {

namespace {

constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::size_t in_a_row_max = 10'000'000; // of a text that somebody typed

std::string_view name_of(clock_mode clock) noexcept {
  return clock == clock_mode::race ? "race" : clock == clock_mode::autojump ? "autojump" : "manual";
}

/// Reads a text from its beginning, and knows where it is.
class reader {
public:
  explicit reader(std::string_view text) : text_(text) {}

  bool at_end() const noexcept { return at_ == text_.size(); }
  char next() noexcept { return text_[at_++]; }
  bool take(std::string_view word) noexcept {
    if (text_.substr(at_, word.size()) != word)
      return false;
    at_ += word.size();
    return true;
  }
  std::size_t number(std::size_t at_most) {
    std::size_t value = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc{} || value > at_most)
      fail("a number up to " + std::to_string(at_most));
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }
  void expect(char wanted) {
    if (at_end() || text_[at_] != wanted)
      fail(std::string("'") + wanted + "'");
    ++at_;
  }
  [[noreturn]] void fail(const std::string& wanted) const {
    throw schedule_error("\"" + std::string(text_) + "\" is no schedule: at character " + std::to_string(at_ + 1) +
                         " there should be " + wanted +
                         ". A schedule looks like race/1:(12)3(4)1; copy all of what a failed test has printed");
  }

private:
  std::string_view text_;
  std::size_t at_ = 0;
};

} // namespace

void schedule::trim() noexcept {
  while (!picks.empty() && picks.back() == 0)
    picks.pop_back();
}

std::string schedule::text() const {
  std::string made = std::string(name_of(clock)) + '/' + std::to_string(operations) + ':';
  for (std::size_t at = 0; at < picks.size();) {
    const std::uint16_t pick = picks[at];
    const auto end = std::find_if(picks.begin() + static_cast<std::ptrdiff_t>(at), picks.end(),
                                  [pick](std::uint16_t other) { return other != pick; });
    const auto times = static_cast<std::size_t>(end - picks.begin()) - at;
    if (pick == 0 && times > 3) {
      made += '(' + std::to_string(times) + ')';
      at += times;
    } else if (times > 6) {
      made += '[' + std::to_string(pick) + '*' + std::to_string(times) + ']';
      at += times;
    } else {
      made += pick < digits.size() ? std::string(1, digits[pick]) : '[' + std::to_string(pick) + ']';
      ++at;
    }
  }
  return made;
}

schedule schedule::parse(std::string_view text) {
  reader from{text};
  schedule made;
  if (from.take("autojump"))
    made.clock = clock_mode::autojump;
  else if (from.take("manual"))
    made.clock = clock_mode::manual;
  else if (!from.take("race"))
    from.fail("race, autojump or manual");
  from.expect('/');
  made.operations = static_cast<int>(from.number(1'000'000));
  from.expect(':');
  while (!from.at_end()) {
    if (from.take("(")) {
      const std::size_t zeros = from.number(in_a_row_max);
      from.expect(')');
      made.picks.resize(made.picks.size() + zeros);
    } else if (from.take("[")) {
      const auto pick = static_cast<std::uint16_t>(from.number(0xffff));
      const std::size_t times = from.take("*") ? from.number(in_a_row_max) : 1;
      from.expect(']');
      made.picks.insert(made.picks.end(), times, pick);
    } else if (const std::size_t digit = digits.find(from.next()); digit != digits.npos) {
      made.picks.push_back(static_cast<std::uint16_t>(digit));
    } else {
      from.fail("a digit, a letter, '(' or '[' (the one before)");
    }
  }
  if (made.operations < 1)
    throw schedule_error("\"" + std::string(text) + "\" is no schedule: a fiber does at least 1 operation at a time");
  return made;
}

} // namespace troupe
