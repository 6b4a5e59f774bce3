// What a fiber of a random program holds of its mailboxes.

#pragma once

#include <tests/programs/guards.hpp>
#include <tests/programs/program.hpp>

#include <troupe/mailbox/mailbox.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace troupe::tests {

/// At most one half of each kind for each mailbox.
template <class Item>
class halves_held {
public:
  halves_held() {}
  /// All there are, of mailboxes that have none yet.
  halves_held(const program& of, const std::vector<mailbox<Item>>& boxes) {
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      out[i].emplace(boxes[i].sender());
      if (of.boxes[i].one_reader)
        sole[i].emplace(boxes[i].inbox());
      else
        in[i].emplace(boxes[i].receiver());
      if (of.boxes[i].shared) // else it is the last receiver that goes
        duties[i].emplace(boxes[i]);
    }
  }

  /// What a child gets: copies, and what there is once itself.
  halves_held part(const statement& start) {
    halves_held given;
    for (std::size_t i = 0; i < boxes_max; ++i) {
      if ((start.sends >> i & 1U) != 0 && out[i])
        given.out[i].emplace(*out[i]);
      if ((start.receives >> i & 1U) != 0 && in[i])
        given.in[i].emplace(*in[i]);
      if ((start.receives >> i & 1U) != 0 && sole[i]) {
        given.sole[i].emplace(std::move(*sole[i]));
        sole[i].reset();
      }
      if ((start.drains >> i & 1U) != 0 && duties[i]) {
        given.duties[i].emplace(std::move(*duties[i]));
        duties[i].reset();
      }
    }
    return given;
  }
  void let_go() {
    for (std::size_t i = 0; i < boxes_max; ++i) {
      out[i].reset();
      in[i].reset();
      sole[i].reset();
      duties[i].reset();
    }
  }

  std::array<std::optional<sender<Item>>, boxes_max> out;
  std::array<std::optional<receiver<Item>>, boxes_max> in;
  std::array<std::optional<inbox<Item>>, boxes_max> sole;
  std::array<std::optional<closes_at_exit<Item>>, boxes_max> duties;
};

} // namespace troupe::tests
