// What became of each message of a run, by its number: none was lost, none was handled twice.

#pragma once

#include <troupe/program/books.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::tools {

/// Keeps the fate of each of a number of messages. Counts alone would not notice that one message was lost while another
/// one was handled twice.
///
/// @thread any, for what notes; the rest once all have ended
class id_ledger {
public:
  /// @param ids  they are numbered from 1
  explicit id_ledger(std::uint64_t ids) : fates_(ids) {}

  /// It is about to be sent.
  void note_sent(std::uint64_t id) noexcept { count(fate_of(id).sent); }
  /// It had its effect.
  void note_handled(std::uint64_t id) noexcept { count(fate_of(id).handled); }
  /// It never will: it was given to whoever is told of such messages.
  void note_undelivered(std::uint64_t id) noexcept { count(fate_of(id).undelivered); }

  /// What the fates come to. Each message that was sent is in one of the first four counts.
  struct findings {
    std::uint64_t sent = 0;
    std::uint64_t handled = 0;         ///< Once, and nothing else happened to it.
    std::uint64_t undelivered = 0;     ///< The same.
    std::uint64_t lost = 0;            ///< It has no end.
    std::uint64_t doubled = 0;         ///< It has several: it was handled twice, or handled and given up.
    std::uint64_t unsent = 0;          ///< It was sent twice, or has an end without having been sent.
    std::vector<std::string> examples; ///< Of the last three, some, in words.
  };
  findings audit() const;

private:
  static constexpr std::size_t examples_max = 5;

  struct fate {
    std::atomic<std::uint16_t> sent = 0;
    std::atomic<std::uint16_t> handled = 0;
    std::atomic<std::uint16_t> undelivered = 0;
  };

  fate& fate_of(std::uint64_t id);
  // relaxed: read when all fibers have ended, which orders it
  static void count(std::atomic<std::uint16_t>& of) noexcept { of.fetch_add(1, std::memory_order_relaxed); }

  std::vector<fate> fates_;
};

/// Three statements: each message that was sent was handled or given up; none is lost; none has two ends.
void add_ids(books& entries, const id_ledger::findings& found);

} // namespace troupe::tools
