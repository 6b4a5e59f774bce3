// What became of numbered items.

#pragma once

#include <tests/scenarios/findings.hpp>

#include <troupe/mailbox/statistics.hpp>

#include <map>
#include <string>
#include <vector>

namespace troupe::tests {

/// Items are numbers: the sender's, times 100, plus which of its items.
class item_books {
public:
  void accepted(int item) { ++of_[item].accepted; }
  void begun(int item) {
    ++of_[item].begun;
    order_.push_back(item);
  }
  void dropped(int item, drop_reason why) { (was_in_the_mailbox(why) ? of_[item].dropped : of_[item].refused) += 1; }

  /// @param may_be_given_again  after a crash
  findings problems(bool may_be_given_again = false) const {
    findings all;
    const auto add = [&](invariant of, int item, const char* what) {
      all.push_back({of, "item " + std::to_string(item) + what});
    };
    for (const auto& [item, how] : of_) {
      if (how.accepted != 0 && how.refused != 0)
        add(invariant::no_duplicate, item, " was accepted and refused");
      if (how.accepted != 0 && how.begun + how.dropped == 0)
        add(invariant::no_loss, item, " was accepted, and neither received nor dropped");
      if (how.begun > 1 && !may_be_given_again)
        add(invariant::no_duplicate, item, " was received twice");
      if (how.dropped > 1)
        add(invariant::no_duplicate, item, " was dropped twice");
      if (how.accepted == 0 && how.refused != 0 && how.begun != 0)
        add(invariant::no_duplicate, item, " was received though its sender was told that it is not in the mailbox");
    }
    return all;
  }
  /// Items of one sender, received by one reader, are in their order.
  findings problems_of_order(bool may_be_given_again = false) const {
    std::map<int, int> last;
    for (const int item : order_) {
      int& before = last[item / 100];
      if (item < before || (item == before && !may_be_given_again))
        return {
            {invariant::fifo, "item " + std::to_string(item) + " was received after item " + std::to_string(before)}};
      before = item;
    }
    return {};
  }

private:
  struct fate {
    int accepted = 0, refused = 0, begun = 0, dropped = 0;
  };
  std::map<int, fate> of_;
  std::vector<int> order_;
};

} // namespace troupe::tests
