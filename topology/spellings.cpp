#include <troupe/topology/spellings.hpp>

#include <array>

namespace troupe::topology {

namespace {

template <class Value>
using word = std::pair<std::string_view, Value>;

/// As it is called everywhere.
template <class Value>
word<Value> spelled(Value value) noexcept {
  return {to_string(value), value};
}

constexpr std::array all_stops{
    word<auto_shutdown>{"never", auto_shutdown::never},
    word<auto_shutdown>{"any_significant", auto_shutdown::any_significant},
    word<auto_shutdown>{"all_significant", auto_shutdown::all_significant},
};
constexpr std::array all_fan_outs{
    word<fan_out>{"round_robin", fan_out::round_robin},
    word<fan_out>{"all", fan_out::all},
    word<fan_out>{"by_key", fan_out::by_key},
};
constexpr std::array all_edge_uses{
    word<edge_use>{"send", edge_use::send},
    word<edge_use>{"ask", edge_use::ask},
};
constexpr std::array all_overflows{
    word<overflow>{"suspend", overflow::suspend},         word<overflow>{"reject", overflow::reject},
    word<overflow>{"drop_newest", overflow::drop_newest}, word<overflow>{"drop_oldest", overflow::drop_oldest},
    word<overflow>{"conflate", overflow::conflate},
};
constexpr std::array all_endings{
    word<ending_kind>{"normal", ending_kind::normal},
    word<ending_kind>{"time", ending_kind::time},
    word<ending_kind>{"gives_up", ending_kind::gives_up},
    word<ending_kind>{"would_deadlock", ending_kind::would_deadlock},
    word<ending_kind>{"error", ending_kind::error},
    word<ending_kind>{"stopped", ending_kind::stopped}, // the last: no file may say it
};

} // namespace

words<restart_strategy> strategies() noexcept {
  static const std::array all{spelled(restart_strategy::one_for_one), spelled(restart_strategy::one_for_all),
                              spelled(restart_strategy::rest_for_one)};
  return all;
}
words<restart_type> restart_types() noexcept {
  static const std::array all{spelled(restart_type::permanent), spelled(restart_type::transient),
                              spelled(restart_type::temporary)};
  return all;
}
words<auto_shutdown> stop_words() noexcept { return all_stops; }
words<fan_out> fan_outs() noexcept { return all_fan_outs; }
words<edge_use> edge_uses() noexcept { return all_edge_uses; }
words<overflow> overflows() noexcept { return all_overflows; }
words<ending_kind> endings() noexcept { return words<ending_kind>{all_endings}.first(all_endings.size() - 1); }

std::string_view to_string(fan_out how) noexcept { return word_for(how, fan_outs()); }
std::string_view to_string(edge_use how) noexcept { return word_for(how, edge_uses()); }
std::string_view to_string(ending_kind how) noexcept { return word_for(how, words<ending_kind>{all_endings}); }
std::string_view name_of(overflow on_full) noexcept { return word_for(on_full, overflows()); }
std::string_view name_of(auto_shutdown stops) noexcept { return word_for(stops, stop_words()); }

} // namespace troupe::topology
