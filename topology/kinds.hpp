// The kinds of nodes that files may name: a registry that programs add to.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/topology/parameter.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::topology {

class node;

/// Whether a kind has edges of one sort.
enum class wants : std::uint8_t { none, some, at_least_one };

/// What the check and the reader of a file must know of a kind.
struct kind {
  std::string name;
  std::string what{};           ///< One sentence: what it does.
  wants inputs = wants::none;   ///< Edges that send to it.
  wants outputs = wants::none;  ///< Edges by which it sends.
  wants asked_by = wants::none; ///< Edges that ask it.
  wants asks = wants::none;     ///< Edges by which it asks.
  /// It handles no item, and no question, without all of its asks; and it sends on where its `hops_max`, if it has one,
  /// is not given. So asks that go round are asked for ever, and that it is reentrant helps nobody.
  bool goes_on_always = false;
  std::vector<parameter> parameters{};
  std::vector<std::string> counters{}; ///< Of `node::add`: numbers that a file may expect.
  /// It makes items, or asks, by itself: from here the check looks for who is reached.
  bool begins() const noexcept { return inputs != wants::at_least_one && asked_by != wants::at_least_one; }
};

/// One run of a node of this kind. It is started anew as its restart type says; `here` is good until it has ended.
using kind_function = std::function<task<>(node& here)>;

/// Kinds by their names. A value: make one in `main`, add to it, and pass it on.
class kinds {
public:
  /// @throws `std::invalid_argument`: there is one of that name, or a parameter's name is one that every node has
  kinds& add(kind what, kind_function run);

  /// Null: there is none.
  const kind* find(std::string_view name) const noexcept;
  /// @pre there is one
  const kind_function& function_of(std::string_view name) const;
  /// In the order of their names.
  std::vector<const kind*> all() const;

private:
  struct entry {
    kind what;
    kind_function run;
  };
  std::map<std::string, entry, std::less<>> all_;
};

/// `source`, `stage`, `sink`, `server`, `client`, `worker`, and those of `stream_kinds.hpp`: see docs/topology.md.
kinds standard_kinds();

} // namespace troupe::topology
