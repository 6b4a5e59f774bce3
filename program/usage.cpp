#include <troupe/program/human_text.hpp>
#include <troupe/program/usage.hpp>
#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <string_view>

namespace troupe::tools {

std::string closest(const std::string& word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> views{known.begin(), known.end()};
  return std::string{topology::closest(word, views)};
}

usage_mistake unknown_value(const std::string& option, const std::string& sort, const std::string& word,
                            const std::vector<std::string>& known) {
  const std::string similar = closest(word, known);
  return {fmt::format("unknown {} `{}`", sort, printable(word)),
          similar.empty() ? fmt::format("one of: {}", fmt::join(known, ", ")) : option + ' ' + similar};
}

} // namespace troupe::tools
