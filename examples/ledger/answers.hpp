// What clients were told, in a file that a crash does not take back: the other half of the audit.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace troupe::ledger {

/// What a client knows of its transfer.
enum class answer : std::uint8_t {
  commit_began, ///< No answer: the transfer came to its commit phase. Noted by the service.
  committed,    ///< It is in the database.
  refused,      ///< It is not: too little money, or not authorized.
  not_started,  ///< It is not: it was stopped before its commit, or refused before it was begun.
  in_doubt,     ///< It may be: a limit passed in its commit.
};
std::string_view to_string(answer what) noexcept;

/// Lines "ID ANSWER". Each is written at once and whole; a line that a crash has cut is ignored.
///
/// @thread any
class answer_file {
public:
  /// @throws std::system_error
  explicit answer_file(std::string name);
  ~answer_file();
  answer_file(const answer_file&) = delete;
  answer_file& operator=(const answer_file&) = delete;

  /// @throws std::system_error
  void note(std::int64_t id, answer what);

private:
  std::string name_;
  int descriptor_;
};

/// What is known of one transfer.
struct told {
  bool commit_began = false;
  answer what = answer::commit_began; ///< The same: no answer is known.
};

/// What an answer file says, by transfer. Empty when there is none.
///
/// @throws std::runtime_error for a line that is none of ours
std::map<std::int64_t, told> read_answers(const std::string& name);

} // namespace troupe::ledger
