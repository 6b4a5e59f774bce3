// Who waits for an object, first come first served.

#pragma once

#include <cstddef>

namespace troupe {
class fiber;
}

namespace troupe::detail {

/// One waiting operation. Lives in the frame of whoever waits; guarded by the lock of the object it waits for.
class wait_node {
public:
  wait_node() noexcept : waiting(nullptr), listed_(false) {}
  /// For operations that seldom wait: only `wait_list::push` initialises the links, and `remove` needs that.
  struct not_linked {};
  explicit wait_node(not_linked) noexcept {}
  wait_node(const wait_node&) = delete;
  wait_node& operator=(const wait_node&) = delete;

  fiber* waiting;

private:
  friend class wait_list;

  wait_node* next_;
  wait_node* previous_;
  bool listed_;
};

/// FIFO of waiting operations: a ring, of which the list knows the last one. Not synchronised: the object's lock guards
/// it.
class wait_list {
public:
  bool empty() const noexcept { return last_ == nullptr; }
  wait_node* first() const noexcept { return last_ != nullptr ? last_->next_ : nullptr; }
  /// The one at `index`, counted from the first. @pre index < size()
  wait_node* at(std::size_t index) const noexcept {
    wait_node* node = first();
    while (index-- > 0)
      node = node->next_;
    return node;
  }

  void push(wait_node& last) noexcept {
    last.listed_ = true;
    if (last_ == nullptr) {
      last.next_ = last.previous_ = &last;
    } else {
      last.next_ = last_->next_;
      last.previous_ = last_;
      last_->next_->previous_ = &last;
      last_->next_ = &last;
    }
    last_ = &last;
  }

  wait_node* pop() noexcept {
    wait_node* const taken = first();
    if (taken != nullptr)
      remove(*taken);
    return taken;
  }

  /// False if it has been taken out already.
  bool remove(wait_node& node) noexcept {
    if (!node.listed_)
      return false;
    node.listed_ = false;
    node.next_->previous_ = node.previous_;
    node.previous_->next_ = node.next_;
    if (last_ == &node)
      last_ = node.previous_ != &node ? node.previous_ : nullptr;
    return true;
  }

  std::size_t size() const noexcept {
    std::size_t size = 0;
    if (const wait_node* node = last_; node != nullptr)
      do {
        ++size;
        node = node->next_;
      } while (node != last_);
    return size;
  }

private:
  wait_node* last_ = nullptr;
};

} // namespace troupe::detail
