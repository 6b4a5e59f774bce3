// When children of one supervisor ran, to see that what is started anew together is stopped first.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tests {

/// The runs of children of one supervisor, in their order. (One that is started while others are started anew is no
/// part of that: it is not stopped for them.)
class sibling_runs {
public:
  explicit sibling_runs(std::size_t siblings) : entries_(siblings) {}

  /// One run of the child `index`, for as long as this is there. None of those up to `dependent_end` may run when it
  /// begins.
  class run {
  public:
    run(sibling_runs& of, std::size_t index, std::size_t dependent_end);
    run(const run&) = delete;
    run& operator=(const run&) = delete;
    ~run();

  private:
    sibling_runs& of_;
    std::size_t index_;
  };

  /// Their supervisor, which may be a child itself, is about to start the first of them.
  void supervisor_begins();

  int begun(std::size_t index) const { return entries_[index].begun; }
  std::string problems(std::string_view what) const;

private:
  struct entry {
    int alive = 0;
    int begun = 0;
    int begun_here = 0;       // by the supervisor of now
    bool is_newcomer = false; // in its first run here, and begun when another one had ended
  };
  std::vector<entry> entries_;
  bool any_has_ended_ = false;
  std::string wrong_;
};

} // namespace troupe::tests
