// What should have happened in a run, in the words of the tree.

#pragma once

#include <troupe/testing/simulation.hpp>

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// What a tree event should be: of this kind, of this child, and so on. Made by the functions below.
class tree_pattern {
public:
  tree_pattern(std::string words, tree_event_kind kind, std::string_view path)
      : words_(std::move(words)), kind_(kind), path_(path) {}

  /// Also the way in which it has ended.
  tree_pattern& with(exit_kind how);
  /// Also the run, by its number.
  tree_pattern& in_run(std::uint64_t incarnation);

  bool matches(const tree_record& happened) const noexcept;
  const std::string& words() const noexcept { return words_; }

private:
  std::string words_;
  tree_event_kind kind_;
  std::string path_;
  std::optional<exit_kind> how_;
  std::optional<std::uint64_t> incarnation_;
};

/// @name A child of that path, or with that end of its path: "db" is also "/app/db"
///@{
tree_pattern started(std::string_view path);
tree_pattern ended(std::string_view path);
tree_pattern crashed(std::string_view path); ///< By itself, with an error.
tree_pattern restarting(std::string_view path);
tree_pattern stopped(std::string_view path);
tree_pattern killed(std::string_view path);
tree_pattern abandoned(std::string_view path);
tree_pattern gave_up(std::string_view supervisor);
///@}

/// Something that must hold of all that has happened in a run. Says what does not; empty: it holds.
class matcher {
public:
  explicit matcher(std::function<std::string(const trace& run)> problem) : problem_(std::move(problem)) {}

  std::string problem(const trace& run) const { return problem_(run); }

private:
  std::function<std::string(const trace& run)> problem_;
};

/// It was started anew so often, exactly; at least; at most.
matcher restarted(std::string_view path, std::size_t times);
matcher restarted_at_least(std::string_view path, std::size_t times);
matcher restarted_at_most(std::string_view path, std::size_t times);
/// No supervisor has more restarts than that within any such time.
matcher restarts_within(std::size_t most, duration period);
/// These ended, one after the other, in this order; each the last time that it did.
matcher stopped_in_order(std::initializer_list<std::string_view> paths);
/// The supervisor of that path has given up.
matcher escalated(std::string_view supervisor);
/// That happened.
matcher happened(const tree_pattern& what);
/// That did not.
matcher never(const tree_pattern& what);
/// All of these happened, in this order, perhaps with others between them.
matcher in_sequence(std::initializer_list<tree_pattern> all);
/// The second happened after each of the first, and no later than that.
matcher within(duration limit, const tree_pattern& cause, const tree_pattern& effect);
/// Before each of the second there was one of the first that no other of the second has used up.
matcher caused_by(const tree_pattern& effect, const tree_pattern& cause);
/// One of these holds.
matcher any_of(std::initializer_list<matcher> all);

/// At the end of the run all of these must hold.
void expect(simulation& in, std::initializer_list<matcher> all);

} // namespace troupe
