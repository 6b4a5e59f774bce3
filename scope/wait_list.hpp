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
  wait_node() = default;
  wait_node(const wait_node&) = delete;
  wait_node& operator=(const wait_node&) = delete;

  fiber* waiting = nullptr;

private:
  friend class wait_list;

  wait_node* next_ = nullptr;
  wait_node* previous_ = nullptr;
  bool listed_ = false;
};

/// FIFO of waiting operations. Not synchronised: the object's lock guards it.
class wait_list {
public:
  bool empty() const noexcept { return first_ == nullptr; }
  wait_node* first() const noexcept { return first_; }
  /// The one at `index`, counted from the first. @pre index < size()
  wait_node* at(std::size_t index) const noexcept {
    wait_node* node = first_;
    while (index-- > 0)
      node = node->next_;
    return node;
  }

  void push(wait_node& last) noexcept {
    last.listed_ = true;
    last.next_ = nullptr;
    last.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &last;
    last_ = &last;
  }

  wait_node* pop() noexcept {
    wait_node* const first = first_;
    if (first != nullptr)
      remove(*first);
    return first;
  }

  /// False if it has been taken out already.
  bool remove(wait_node& node) noexcept {
    if (!node.listed_)
      return false;
    node.listed_ = false;
    (node.previous_ != nullptr ? node.previous_->next_ : first_) = node.next_;
    (node.next_ != nullptr ? node.next_->previous_ : last_) = node.previous_;
    return true;
  }

  std::size_t size() const noexcept {
    std::size_t size = 0;
    for (const wait_node* node = first_; node != nullptr; node = node->next_)
      ++size;
    return size;
  }

private:
  wait_node* first_ = nullptr;
  wait_node* last_ = nullptr;
};

} // namespace troupe::detail
