#include <troupe/topology/parameter.hpp>

#include <algorithm>

namespace troupe::topology {

std::string_view to_string(parameter_type type) noexcept {
  switch (type) {
  case parameter_type::flag:
    return "true or false";
  case parameter_type::count:
    return "a whole number";
  case parameter_type::number:
    return "a number";
  case parameter_type::time:
    return "a time";
  case parameter_type::bytes:
    return "a number of bytes";
  case parameter_type::text:
    return "a string";
  case parameter_type::choice:
    break;
  }
  return "a word";
}

bool suits(const parameter& asked, const parameter_value& given) noexcept {
  const auto within = [&](double number) { return number >= asked.least && number <= asked.most; };
  switch (asked.type) {
  case parameter_type::flag:
    return std::holds_alternative<bool>(given);
  case parameter_type::count:
  case parameter_type::bytes:
    return std::holds_alternative<std::uint64_t>(given) && within(static_cast<double>(std::get<std::uint64_t>(given)));
  case parameter_type::number:
    return std::holds_alternative<double>(given) && within(std::get<double>(given));
  case parameter_type::time:
    return std::holds_alternative<duration>(given) &&
           within(std::chrono::duration<double>(std::get<duration>(given)).count());
  case parameter_type::text:
    return std::holds_alternative<std::string>(given);
  case parameter_type::choice:
    break;
  }
  return std::holds_alternative<std::string>(given) &&
         std::find(asked.choices.begin(), asked.choices.end(), std::get<std::string>(given)) != asked.choices.end();
}

} // namespace troupe::topology
