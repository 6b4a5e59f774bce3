// What became of numbered items.

#pragma once

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
  std::string problems(bool may_be_given_again = false) const {
    std::string text;
    for (const auto& [item, how] : of_) {
      const std::string name = "item " + std::to_string(item);
      if (how.accepted != 0 && how.refused != 0)
        text += name + " was accepted and refused\n";
      if (how.accepted != 0 && how.begun + how.dropped == 0)
        text += name + " was accepted, and neither received nor dropped\n";
      if (how.begun > 1 && !may_be_given_again)
        text += name + " was received twice\n";
      if (how.dropped > 1)
        text += name + " was dropped twice\n";
      if (how.accepted == 0 && how.refused != 0 && how.begun != 0)
        text += name + " was received though its sender was told that it is not in the mailbox\n";
    }
    return text;
  }
  /// Items of one sender, received by one reader, are in their order.
  std::string problems_of_order() const {
    std::map<int, int> last;
    for (const int item : order_) {
      int& before = last[item / 100];
      if (item <= before)
        return "item " + std::to_string(item) + " was received after item " + std::to_string(before) + '\n';
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
