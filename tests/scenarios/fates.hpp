// What became of numbered things, and what an error tells of it: the books that the scenarios share.

#pragma once

#include <troupe/mailbox/statistics.hpp>
#include <troupe/scope/outcome.hpp>

#include <exception>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tests {

/// What became of numbered things: none may end twice, and who is owed an end must get one.
class fates {
public:
  /// It may end from here on: whether it does only who has it can say.
  void begun(int number) { entries_[number]; }
  /// It must end, or has: it was accepted, or refused to whoever notes that.
  void owed(int number) { entries_[number].is_owed = true; }
  void ended(int number, std::string_view how);

  std::size_t count(std::string_view how) const;
  /// Those that have not ended.
  std::size_t open() const;
  std::string problems(std::string_view what) const;

private:
  struct entry {
    bool is_owed = false;
    std::string ends; // each followed by a blank
    int count = 0;
  };
  std::map<int, entry> entries_;
};

/// What somebody who asked for something knows of it.
enum class known : std::uint8_t {
  done,
  not_done, ///< And it never will be.
  unknown,  ///< It may be done, once.
};

/// What an error tells of the ask that it is the error of.
known known_after(const std::exception_ptr& error);

/// Whether something was done as often as somebody knows: empty, or a line.
std::string contradiction(std::string_view what, int number, known told, int done);

/// For the destructor of a frame's variable: why the frame is being stopped; empty: it is not.
std::optional<cancel_reason> stopped_by();

/// Whether a child that its supervisor has abandoned may still run: a clock that races can make that of any child.
bool may_run_on();

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

/// Of a mailbox that nobody has any more: empty, or what is left in it.
std::string left_in(std::string_view name, const mailbox_statistics& now);

/// While it is there, one more is.
class present_mark {
public:
  explicit present_mark(int& count) noexcept : count_(count) { ++count_; }
  present_mark(const present_mark&) = delete;
  present_mark& operator=(const present_mark&) = delete;
  ~present_mark() { --count_; }

private:
  int& count_;
};

} // namespace troupe::tests
