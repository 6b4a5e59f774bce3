#include <troupe/topology/kinds.hpp>

#include <troupe/scope/assert.hpp>
#include <troupe/topology/node_keys.hpp>
#include <troupe/topology/words.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace troupe::topology {

kinds& kinds::add(kind what, kind_function run) {
  const auto refuse = [&](const std::string& why) {
    throw std::invalid_argument("the kind " + quoted(what.name) + " cannot be added: " + why);
  };
  if (!is_name(what.name))
    refuse("its name is no name: a letter, then letters, digits, - and _");
  if (!run)
    refuse("it has no function");
  for (const parameter& each : what.parameters) {
    if (!is_name(each.name) || std::find(node_keys.begin(), node_keys.end(), each.name) != node_keys.end())
      refuse("every node has a key " + quoted(each.name) + ", so a parameter needs another name");
    if (!suits(each, each.fallback))
      refuse("the default of its parameter " + quoted(each.name) + " is of another type, or out of its range");
  }
  std::string name = what.name;
  if (!all_.try_emplace(std::move(name), entry{what, std::move(run)}).second)
    refuse("there is one of that name");
  return *this;
}

const kind* kinds::find(std::string_view name) const noexcept {
  const auto found = all_.find(name);
  return found != all_.end() ? &found->second.what : nullptr;
}

const kind_function& kinds::function_of(std::string_view name) const {
  const auto found = all_.find(name);
  TROUPE_ASSERT(found != all_.end(), "function_of() was asked for a kind that is not in the registry: find() first");
  return found->second.run;
}

std::vector<const kind*> kinds::all() const {
  std::vector<const kind*> each;
  for (const auto& [name, kept] : all_)
    each.push_back(&kept.what);
  return each;
}

} // namespace troupe::topology
