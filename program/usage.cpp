#include <troupe/program/human_text.hpp>
#include <troupe/program/usage.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace troupe::tools {

std::string closest(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const std::string& candidate : known) {
    // Edit distance, one row at a time.
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < word.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i + 1);
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        const std::size_t replaced = diagonal + (word[i] == candidate[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best = candidate;
      best_distance = row.back();
    }
  }
  return best;
}

usage_mistake unknown_value(const std::string& option, const std::string& sort, const std::string& word,
                            const std::vector<std::string>& known) {
  const std::string similar = closest(word, known);
  return {fmt::format("unknown {} `{}`", sort, printable(word)),
          similar.empty() ? fmt::format("one of: {}", fmt::join(known, ", ")) : option + ' ' + similar};
}

} // namespace troupe::tools
