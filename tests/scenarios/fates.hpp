// What became of numbered things, and what an error tells of it: the books that the scenarios share.

#pragma once

#include <troupe/mailbox/statistics.hpp>
#include <troupe/scope/outcome.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <string_view>

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

/// Of a mailbox that nobody has any more: empty, or what is left in it.
std::string left_in(std::string_view name, const mailbox_statistics& now);

} // namespace troupe::tests
