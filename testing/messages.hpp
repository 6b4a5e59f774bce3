// Who sent what to whom in a run, of which everything was kept.

#pragma once

#include <troupe/testing/trace.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::detail {

/// How an ask was answered, as `event_kind::ask_answered` tells it.
enum class answer_kind : std::uint8_t { value = 1, error, failure };

/// Where in `trace::events()`, and in which fiber.
struct moment {
  std::size_t event = 0;
  std::uint64_t fiber = 0;
};

/// An item that was sent to a mailbox, or an ask with all that comes of it.
struct message_record {
  std::uint64_t mailbox = 0;
  std::uint64_t ask = 0; ///< Its number; 0: it is none.
  moment sent;
  std::optional<moment> received; ///< Empty: nobody took it, or it is not known who.
  // Of an ask:
  std::optional<moment> begun;
  std::optional<moment> answered;
  std::optional<moment> ended; ///< The asker has what came of it.
};

/// Messages in the order in which they were sent.
///
/// Items that are taken out of a queue not in their order, as when its newest is replaced, leave nobody who could tell
/// which was which: of what was queued then it is not known who took it.
class messages {
public:
  /// @pre run.keeps_all()
  explicit messages(const trace& run);

  const std::vector<message_record>& all() const noexcept { return all_; }
  /// "mailbox 7 of /app/db", where one fiber alone has read it; else "mailbox 7".
  std::string mailbox_name(const trace& run, std::uint64_t number) const;
  bool is_mailbox(std::uint64_t number) const noexcept { return readers_.find(number) != readers_.end(); }

private:
  struct queued_items {
    std::map<std::uint64_t, std::size_t> sent; // by their index in the queue: places in all_
    std::uint64_t claimed_from = 0;            // of the last claim, which may be put back in part
    std::vector<std::optional<std::size_t>> claimed;
    std::vector<std::size_t> taken; // one after the other, perhaps only to be dropped
  };

  void on(const event& happened, std::size_t at);
  void on_ask(const event& happened, std::size_t at);
  std::size_t sent(const event& happened, std::size_t at);
  void taken(const event& happened, std::size_t at);
  void put_back(queued_items& of, std::uint32_t count);
  void settled(queued_items& of, const event& happened);
  void read(std::uint64_t mailbox, std::uint64_t fiber);

  std::vector<message_record> all_;
  std::map<std::uint64_t, queued_items> queues_;
  std::map<std::uint64_t, std::size_t> asks_;       // by their numbers
  std::map<std::uint64_t, std::size_t> being_sent_; // by the asker: an ask whose item is not in its mailbox yet
  std::map<std::uint64_t, std::uint64_t> readers_;  // of each mailbox; 0: nobody, or several
};

} // namespace troupe::detail
