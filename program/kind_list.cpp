#include <troupe/program/kind_list.hpp>
#include <troupe/program/text_table.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <vector>

namespace troupe::tools {

std::string list_of_kinds(const topology::kinds& known, bool as_json) {
  nlohmann::json all = nlohmann::json::array();
  text_table table{{{"kind"}, {"does"}, {"keys"}}};
  for (const topology::kind* const each : known.all()) {
    std::vector<std::string> keys;
    for (const topology::parameter& key : each->parameters)
      keys.push_back(key.name);
    all.push_back({{"name", each->name}, {"kind", "kind"}, {"summary", each->what}, {"keys", keys}});
    table.add({each->name, each->what, fmt::format("{}", fmt::join(keys, ", "))});
  }
  return as_json ? all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n' : table.text();
}

} // namespace troupe::tools
