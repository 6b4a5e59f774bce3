// Blocks of statements for random programs, drawn as their rules allow.

#pragma once

#include <tests/programs/program.hpp>

#include <troupe/simulation/random.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

namespace troupe::tests {

/// A mailbox in a set of them.
constexpr unsigned bit(std::size_t box) { return 1U << box; }

/// What a statement may do where it stands; the rules are those of `program`.
struct statement_context {
  unsigned sends = 0; ///< What the fiber holds.
  unsigned receives = 0;
  int above = -1;             ///< Outside of a limit it waits for room only in mailboxes above this one.
  int below = boxes_max;      ///< … and for items only of mailboxes below this one, the lowest that it may send to,
  bool may_receive = true;    ///< … unless somebody may wait for the room that it holds.
  bool limited = false;       ///< Inside of a limit.
  bool group_limited = false; ///< The innermost group is.
  int group_above = -1;
  bool group_may_receive = true;
  bool sends_count = true; ///< What is sent here is sent under each schedule.
  unsigned depth = 1;      ///< Of groups.
  unsigned times = 1;      ///< How often loops around it run it.
};

/// Draws blocks; what they have in common with the rest of the program is in `made_`.
class block_generator {
protected:
  using context = statement_context;

  explicit block_generator(std::uint64_t seed) : random_(seed * 0x10001 + 1) { made_.seed = seed; }
  ~block_generator() = default;

  bool one_in(std::uint64_t count) { return random_.below(count) == 0; }
  unsigned some_of(unsigned set) { return set & static_cast<unsigned>(random_.next() >> 20U); }
  std::optional<std::uint8_t> pick(unsigned set) {
    if (set == 0)
      return std::nullopt;
    for (;;)
      if (const std::size_t box = random_.below(boxes_max); (set & bit(box)) != 0)
        return static_cast<std::uint8_t>(box);
  }
  unsigned shared_boxes() const {
    unsigned set = 0;
    for (std::size_t i = 0; i < made_.boxes.size(); ++i)
      set |= made_.boxes[i].shared ? bit(i) : 0;
    return set;
  }
  unsigned all_boxes() const { return bit(made_.boxes.size()) - 1; }

  statement fiber_of(const context& in, std::size_t statements) {
    if (fibers_left_ > 0)
      --fibers_left_;
    statement fiber{verb::start};
    fiber.sends = in.sends;
    fiber.receives = in.receives;
    constexpr start_way ways[] = {start_way::drop_handle, start_way::drop_handle, start_way::wait,
                                  start_way::take_value, start_way::cancel_it};
    fiber.way = static_cast<std::uint8_t>(ways[random_.below(made_.calm ? 4 : 5)]);
    for (std::size_t i = 0; i < statements; ++i)
      add(fiber.body, in);
    return fiber;
  }

  block some(const context& in, std::size_t at_most) {
    block made;
    for (std::size_t i = 0; i <= random_.below(at_most); ++i)
      add(made, in);
    return made;
  }

  void add(block& to, const context& in) {
    if (statements_left_ == 0)
      return;
    --statements_left_;
    for (;;)
      if (std::optional<statement> made = one(in)) {
        to.push_back(std::move(*made));
        return;
      }
  }

  /// Nothing where the rules forbid what was drawn.
  std::optional<statement> one(const context& in) {
    statement s;
    const std::uint64_t drawn = random_.below(100);
    if (drawn < 34)
      return send(in);
    if (drawn < 42)
      return permit(in);
    if (drawn < 50)
      return receive(in);
    if (drawn < 56)
      return s; // a yield
    if (drawn < 62) {
      s.what = verb::sleep;
      s.count = static_cast<unsigned>(random_.below(20));
      return s;
    }
    if (drawn < 68) {
      context inner = in;
      s.what = verb::group;
      s.caught = !made_.calm && one_in(2);
      ++inner.depth;
      inner.group_limited = in.limited;
      inner.group_above = in.above;
      inner.group_may_receive = in.may_receive;
      if (in.depth >= 4)
        return std::nullopt;
      s.body = some(inner, 4);
      return s;
    }
    if (drawn < 80)
      return start(in);
    if (drawn < 86) {
      if (in.times > 4)
        return std::nullopt;
      context inner = in;
      s.what = verb::repeat;
      s.count = 2 + static_cast<unsigned>(random_.below(3));
      inner.times *= s.count;
      s.body = some(inner, 3);
      return s;
    }
    if (made_.calm)
      return std::nullopt;
    if (drawn < 93) {
      context inner = in;
      s.what = verb::limit;
      s.way = static_cast<std::uint8_t>(random_.below(2));
      s.caught = one_in(2);
      s.count = static_cast<unsigned>(random_.below(30));
      inner.limited = true;
      s.body = some(inner, 3);
      return s;
    }
    constexpr verb rare[] = {verb::close, verb::close_and_return, verb::join,
                             verb::fail,  verb::cancel,           verb::checkpoint};
    s.what = rare[random_.below(std::size(rare))];
    s.box = static_cast<std::uint8_t>(random_.below(made_.boxes.size()));
    if (s.what == verb::join && !in.limited)
      return std::nullopt;
    return s;
  }

  /// The mailboxes in which it may wait for room here.
  unsigned where_to_send(const context& in) const {
    if (!in.sends_count && made_.calm)
      return 0;
    return in.limited ? in.sends : in.sends & ~(bit(static_cast<std::size_t>(in.above + 1)) - 1);
  }
  std::optional<statement> send(const context& in) {
    const auto box = pick(where_to_send(in));
    if (!box)
      return std::nullopt;
    statement s{verb::send, *box};
    s.way = static_cast<std::uint8_t>(random_.below(made_.calm ? 3 : 4));
    return s;
  }
  std::optional<statement> permit(const context& in) {
    const auto box = pick(where_to_send(in));
    if (!box)
      return std::nullopt;
    statement s{verb::permit, *box};
    s.way = one_in(3) ? 0 : 1;
    context inner = in;
    if (!in.limited) {
      inner.above = *box;
      inner.may_receive = false;
    }
    if (one_in(2))
      s.body = some(inner, 2);
    return s;
  }
  std::optional<statement> receive(const context& in) {
    const auto box = pick(in.receives);
    if (!box)
      return std::nullopt;
    statement s{verb::receive, *box};
    s.way = static_cast<std::uint8_t>(random_.below(5));
    if (s.way != static_cast<std::uint8_t>(receive_way::tried) && !in.limited &&
        !(in.may_receive && static_cast<int>(*box) < in.below))
      return std::nullopt;
    if (s.way == static_cast<std::uint8_t>(receive_way::each_of_batch) ||
        s.way == static_cast<std::uint8_t>(receive_way::whole_batch))
      s.count = 1 + static_cast<unsigned>(random_.below(5));
    context inner = in;
    inner.sends_count = false;
    inner.times = 16;
    if (in.depth >= 4) // `by_child` brings a group
      return std::nullopt;
    ++inner.depth;
    if (one_in(2))
      s.body = some(inner, 2);
    return s;
  }
  std::optional<statement> start(const context& in) {
    if (fibers_left_ == 0 || in.times > 4 || !in.sends_count)
      return std::nullopt;
    context child = in;
    child.sends = one_in(3) ? some_of(in.sends) : in.sends;
    child.receives = one_in(2) ? some_of(in.receives) : in.receives;
    child.limited = in.group_limited;
    if (in.limited && !in.group_limited) { // the limit does not reach it, nor does whoever waits for it wait long
      child.above = in.group_above;
      child.may_receive = in.group_may_receive;
    }
    return fiber_of(child, 1 + random_.below(3));
  }

  seeded_random random_;
  program made_;

private:
  unsigned fibers_left_ = 12;
  unsigned statements_left_ = 60;
};

} // namespace troupe::tests
