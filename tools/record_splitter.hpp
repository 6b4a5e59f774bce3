// A stream of bytes cut into records at blank lines, however the bytes arrive.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::tools {

/// One stanza of a file in the format of RFC 822 headers, such as the status file of dpkg.
struct record {
  enum class fault : std::uint8_t {
    none,
    too_long, ///< More than the splitter's maximum; the text is not kept.
    cut_off,  ///< The input failed before the record's end.
  };

  std::uint64_t line = 0; ///< Number of its first line, from 1.
  std::string text;       ///< Its lines, each ending in `\n`, without a `\r` before that.
  fault what_is_wrong = fault::none;
};

/// Cuts what it is fed into records. Holds one record at most, and no more than `record_bytes_max` of it.
///
/// A line of nothing but spaces, tabs and carriage returns is blank and ends a record; `\n` and `\r\n` both end a line,
/// and so does the end of the input. A record's length counts all its bytes, line ends included. Where the input is cut
/// into pieces makes no difference.
///
///     splitter.feed(piece);
///     while (auto next = splitter.next())
///       use(*next);
class record_splitter {
public:
  /// Far above what package databases hold (about 100 KiB at most), and small enough to queue a hundred of them.
  static constexpr std::size_t record_bytes_max_default = std::size_t{256} * 1024;

  explicit record_splitter(std::size_t record_bytes_max = record_bytes_max_default)
      : record_bytes_max_(record_bytes_max) {}

  /// @pre `next()` has returned nothing since the last call; `piece` stays valid until it does so again
  void feed(std::string_view piece) noexcept { piece_ = piece; }
  /// The input has ended; `next()` gives what was begun, marked with `how`.
  ///
  /// @pre as for `feed`
  void end(record::fault how = record::fault::none) noexcept {
    ended_ = true;
    ended_how_ = how;
  }
  /// The next whole record.
  std::optional<record> next();

private:
  void append(std::string_view part);
  bool end_line();
  record take(record::fault how);

  const std::size_t record_bytes_max_;
  std::string_view piece_; // not looked at yet
  bool ended_ = false;
  record::fault ended_how_ = record::fault::none;

  std::uint64_t line_ = 1;       // number of the line that is being read
  std::uint64_t first_line_ = 1; // of the record
  std::string text_;             // of the record so far; keeps its memory
  std::size_t line_begin_ = 0;   // of the line that is being read, in text_
  std::size_t bytes_ = 0;        // of the record so far, kept or not
  bool line_is_blank_ = true;
  bool begun_ = false; // the record has a line that is not blank
  bool too_long_ = false;
};

} // namespace troupe::tools
