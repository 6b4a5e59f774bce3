#include <tests/programs/program.hpp>

#include <array>
#include <string_view>

namespace troupe::tests {

namespace {

constexpr std::string_view verbs[] = {"send",  "permit",     "receive", "drain", "join",  "close", "close and return",
                                      "yield", "checkpoint", "sleep",   "limit", "group", "house", "start",
                                      "fail",  "cancel",     "repeat"};
constexpr std::string_view sends[] = {"made", "moved", "copied", "tried"};
constexpr std::string_view receives[] = {"one", "tried", "each of a batch", "a whole batch", "by a child"};
constexpr std::string_view starts[] = {"", ", wait for it", ", take its value", ", cancel it"};
constexpr std::string_view strategies[] = {"suspend", "reject", "drop_newest", "drop_oldest", "conflate"};

template <std::size_t Count, class Index>
std::string named(const std::string_view (&names)[Count], Index which) {
  return std::string{names[static_cast<std::size_t>(which)]};
}

std::string bits(unsigned set) {
  std::string listed;
  for (std::size_t box = 0; box < boxes_max; ++box)
    if ((set >> box & 1U) != 0)
      listed += ' ' + std::to_string(box);
  return listed.empty() ? " nothing" : listed;
}

std::string line_of(const statement& s) {
  std::string line = named(verbs, s.what);
  const std::string box = ' ' + std::to_string(s.box);
  const std::string count = std::to_string(s.count);
  switch (s.what) {
  case verb::send:
    line += box + ", " + named(sends, s.way);
    break;
  case verb::permit:
    line += box + (s.way != 0 ? ", use it after" : ", drop it after");
    break;
  case verb::receive:
  case verb::drain:
    line += box + ", " + named(receives, s.way) + (s.count != 0 ? ", at most " + count : "");
    break;
  case verb::join:
  case verb::close:
  case verb::close_and_return:
    line += box;
    break;
  case verb::sleep:
    line += ' ' + count + " us";
    break;
  case verb::limit:
    line += ' ' + count + (s.way != 0 ? " us, then fail" : " us, then move on");
    break;
  case verb::start:
    line +=
        " fiber " + count + ", sends to" + bits(s.sends) + ", receives from" + bits(s.receives) + named(starts, s.way);
    break;
  case verb::repeat:
    line += ' ' + count + " times";
    break;
  default:
    break;
  }
  return line + (s.caught ? ", catch" : "");
}

void print(const block& of, std::size_t depth, std::string& to) {
  for (const statement& each : of) {
    to += std::string(2 * depth, ' ') + line_of(each) + '\n';
    print(each.body, depth + 1, to);
  }
}

using counts = std::array<std::size_t, boxes_max>;

/// Items made by a block that runs `times` times; what a consumer does with each item is left to the caller.
void count_items(const block& of, std::size_t times, counts& made) {
  for (const statement& each : of) {
    if (each.what == verb::send)
      made[each.box] += times * (each.way == static_cast<std::uint8_t>(send_way::copied) ? 2 : 1);
    else if (each.what == verb::permit)
      made[each.box] += times;
    std::size_t inner = times;
    if (each.what == verb::repeat)
      inner *= each.count;
    else if (each.what == verb::receive && each.way == static_cast<std::uint8_t>(receive_way::each_of_batch))
      inner *= each.count;
    if (each.what != verb::drain)
      count_items(each.body, inner, made);
  }
}

} // namespace

bool begins_with_a_wait(const statement& s) noexcept {
  switch (s.what) {
  case verb::send:
    return s.way != static_cast<std::uint8_t>(send_way::tried);
  case verb::receive:
  case verb::drain:
    return s.way != static_cast<std::uint8_t>(receive_way::tried);
  case verb::permit:
  case verb::join:
  case verb::yield:
  case verb::checkpoint:
  case verb::sleep:
    return true;
  default:
    return false;
  }
}

std::string program::describe() const {
  std::string text =
      "program " + std::to_string(seed) + (calm ? ", calm" : "") + (boxed ? ", items in boxes" : "") + '\n';
  for (std::size_t i = 0; i < boxes.size(); ++i)
    text += "  mailbox " + std::to_string(i) + ": capacity " + std::to_string(boxes[i].capacity) + ", " +
            named(strategies, boxes[i].on_full) +
            (boxes[i].max_age != 0 ? ", items of " + std::to_string(boxes[i].max_age) + " us at most" : "") +
            (boxes[i].one_reader ? ", inbox"
             : boxes[i].shared   ? ", shared"
                                 : "") +
            '\n';
  print(body, 1, text);
  return text;
}

bool program::may_fail() const {
  bool found = false;
  for_each_statement(body, [&](const statement& s) {
    found = found || s.what == verb::fail || (s.what == verb::limit && s.way != 0) ||
            (!calm && s.what == verb::start && s.way == static_cast<std::uint8_t>(start_way::take_value));
  });
  return found;
}

std::size_t program::items_max() const {
  counts made{};
  count_items(body, 1, made);
  for (std::size_t box = 0; box < boxes_max; ++box) // a consumer sends to mailboxes above its own only
    for_each_statement(body, [&](const statement& s) {
      if (s.what == verb::drain && s.box == box)
        count_items(s.body, made[box], made);
    });
  std::size_t all = 0;
  for (const std::size_t each : made)
    all += each;
  return all;
}

std::size_t program::size() const {
  std::size_t count = 0;
  for_each_statement(body, [&](const statement&) { ++count; });
  return count;
}

} // namespace troupe::tests
