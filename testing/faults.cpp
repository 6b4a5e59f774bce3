#include <troupe/testing/faults.hpp>
#include <troupe/testing/path_names.hpp>

#include <array>
#include <charconv>
#include <stdexcept>

namespace troupe {

namespace {

constexpr std::array<std::string_view, faults_count> names = {
    "crash", "cancel", "cancel_all", "overflow", "deadline", "hang", "failing_start", "fault_point", "reset"};

} // namespace

std::string_view to_string(fault what) noexcept { return names[static_cast<std::size_t>(what)]; }

std::string swept_fault::text() const { return std::string(to_string(what)) + '@' + std::to_string(at); }

swept_fault swept_fault::parse(std::string_view text) {
  const std::size_t sign = text.find('@');
  const std::string_view number = sign != text.npos ? text.substr(sign + 1) : std::string_view{};
  swept_fault made;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), made.at);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (text.substr(0, sign) == names[i] && error == std::errc{} && end == number.data() + number.size()) {
      made.what = static_cast<fault>(i);
      return made;
    }
  throw std::invalid_argument("\"" + std::string(text) +
                              "\" is no fault of a sweep: it should be a kind and a number, as crash@17");
}

std::string armed_fault::text() const {
  return std::string(to_string(what_)) + (where_.empty() ? "" : " of " + where_);
}

bool armed_fault::strikes(std::uint64_t random) noexcept {
  ++opportunities_;
  const bool here = plan_ == plan::every || (plan_ == plan::one && opportunities_ == nth_) ||
                    (plan_ == plan::chance && static_cast<double>(random >> 11U) * 0x1p-53 < part_);
  if (!here || times_ == 0)
    return false;
  strike();
  return true;
}

bool armed_fault::concerns(std::string_view path) const noexcept { return detail::is_named(where_, path); }

} // namespace troupe
