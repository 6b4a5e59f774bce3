#include <troupe/actors/ask_error.hpp>
#include <troupe/observe/text_sink.hpp>
#include <troupe/observe/words.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/testing/event_words.hpp>
#include <troupe/testing/mermaid.hpp>
#include <troupe/testing/messages.hpp>
#include <troupe/testing/trace_walk.hpp>

#include <fmt/format.h>

#include <cctype>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

namespace {

constexpr std::size_t name_bytes_max = 200;

/// In Mermaid '#' and ';' have a meaning wherever they are, and others have one in places; each can be written as #35;.
std::string escaped(std::string_view line) {
  std::string made;
  for (const char each : line) {
    const auto letter = static_cast<unsigned char>(each);
    const bool is_plain = letter >= 0x80 || std::isalnum(letter) != 0 ||
                          std::string_view{" /-_.,:()'"}.find(each) != std::string_view::npos;
    made += is_plain ? std::string(1, each) : fmt::format("#{};", static_cast<unsigned>(letter));
  }
  return made;
}

/// A line of the diagram, and whom it needs.
struct line {
  std::string text;
  std::uint64_t from = 0;
  std::uint64_t to = 0; // the same: a note
  instant time;
};

class mermaid_writer {
public:
  explicit mermaid_writer(const trace& run) : run_(run), messages_(run) {
    for (const detail::message_record& each : messages_.all()) {
      sent_.emplace(each.sent.event, &each);
      if (each.answered)
        answered_.emplace(each.answered->event, &each);
    }
  }

  void begins(const slice_record&) {}
  void ends(const slice_record&) {}
  void happened(const event& told, std::size_t index) {
    if (const auto at = sent_.find(index); at != sent_.end())
      add_sent(told, *at->second);
    if (const auto at = answered_.find(index); at != answered_.end())
      add_answer(told, *at->second);
    if (const std::string words = detail::in_words(told); !words.empty())
      add_note(told.time, detail::told_of(told), words);
  }
  void happened(const tree_record& told) {
    const std::string words =
        detail::in_words(tree_event{told.time, told.kind, told.path, told.incarnation, told.reason, told.wait});
    if (told.kind == tree_event_kind::gave_up)
      add_note(told.time, told.child, "its supervisor " + words);
    else
      add_note(told.time, told.child, fmt::format("run {} {}", told.incarnation, words));
  }

  std::string text(std::size_t bytes_max) const;

private:
  static std::string id(std::uint64_t fiber) { return fmt::format("f{}", fiber); }
  void add_note(instant time, std::uint64_t fiber, std::string_view words) {
    lines_.push_back({fmt::format("  Note over {}: {}\n", id(fiber), escaped(words)), fiber, fiber, time});
  }
  void add_arrow(instant time, std::uint64_t from, std::string_view arrow, std::uint64_t to, const std::string& words) {
    lines_.push_back({fmt::format("  {}{}{}: {}\n", id(from), arrow, id(to), escaped(words)), from, to, time});
  }
  void add_sent(const event& told, const detail::message_record& of);
  void add_answer(const event& told, const detail::message_record& of);
  std::string participant(std::uint64_t fiber) const {
    return fmt::format("  participant {} as {}\n", id(fiber),
                       escaped(detail::in_one_line(run_.path_of(fiber), name_bytes_max)));
  }
  static std::string at_time(instant time, std::uint64_t first, std::uint64_t last) {
    return fmt::format("  Note over {},{}: {:.6f} s\n", id(first), id(last),
                       std::chrono::duration<double>(time.time_since_epoch()).count());
  }

  const trace& run_;
  const detail::messages messages_;
  std::map<std::size_t, const detail::message_record*> sent_; // by the event
  std::map<std::size_t, const detail::message_record*> answered_;
  std::vector<line> lines_;
};

void mermaid_writer::add_sent(const event& told, const detail::message_record& of) {
  const std::string what = of.ask != 0 ? fmt::format("asks (ask {})", of.ask) : "sends";
  const auto& to = of.begun ? of.begun : of.received;
  if (to)
    return add_arrow(told.time, of.sent.fiber, of.ask != 0 ? "->>" : "-)", to->fiber, what);
  add_note(told.time, of.sent.fiber,
           what + " to " + detail::in_one_line(messages_.mailbox_name(run_, of.mailbox), name_bytes_max) +
               ": nobody takes it");
}

void mermaid_writer::add_answer(const event& told, const detail::message_record& of) {
  const auto as = static_cast<detail::answer_kind>(told.place);
  const std::string what = as == detail::answer_kind::value ? fmt::format("answers (ask {})", of.ask)
                           : as == detail::answer_kind::error
                               ? fmt::format("fails with an error (ask {})", of.ask)
                               : fmt::format("{} (ask {})", to_string(static_cast<ask_failure>(told.cause)), of.ask);
  if (told.subject == of.sent.fiber)
    return add_note(told.time, told.subject, "its ask has failed: " + what);
  add_arrow(told.time, told.subject, as == detail::answer_kind::value ? "-->>" : "--x", of.sent.fiber, what);
}

std::string mermaid_writer::text(std::size_t bytes_max) const {
  constexpr std::string_view head = "sequenceDiagram\n";
  constexpr std::size_t bytes_of_rest = 120; // what is said of what is left out
  // From the end, where it went wrong.
  std::set<std::uint64_t> who; // parents have lower numbers than their children
  std::size_t bytes = head.size() + bytes_of_rest;
  std::size_t from = lines_.size();
  for (; from != 0; --from) {
    const line& next = lines_[from - 1];
    std::size_t needed = next.text.size();
    for (const std::uint64_t each : std::set{next.from, next.to})
      needed += who.contains(each) ? 0 : participant(each).size();
    if (from == lines_.size() || lines_[from].time != next.time)
      needed += at_time(next.time, ~std::uint64_t{0}, ~std::uint64_t{0}).size();
    if (bytes + needed > bytes_max)
      break;
    bytes += needed;
    who.insert({next.from, next.to});
  }
  std::string made{head};
  for (const std::uint64_t each : who)
    made += participant(each);
  if (from != 0)
    made += fmt::format("  {}{} earlier messages and notes are left out\n",
                        who.empty() ? "%% " : "Note over " + id(*who.begin()) + ": ", from);
  for (std::size_t at = from; at != lines_.size(); ++at) {
    if (at == from ? lines_[at].time != instant{} : lines_[at].time != lines_[at - 1].time)
      made += at_time(lines_[at].time, *who.begin(), *who.rbegin());
    made += lines_[at].text;
  }
  return made;
}

} // namespace

std::string to_mermaid(const trace& run, std::size_t bytes_max) {
  TROUPE_ASSERT(run.keeps_all(), "a trace is to be written that has not kept all that has happened");
  mermaid_writer writer{run};
  detail::walk(run, writer);
  return writer.text(bytes_max);
}

} // namespace troupe
