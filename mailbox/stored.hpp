// How an item is held while it is on its way.

#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// Whether items lie in the mailbox itself. A queue that grows, or that hands an item from thread to thread, must move
/// it without failing, and coroutine frames are not over-aligned.
template <class T>
inline constexpr bool lies_directly = std::is_nothrow_move_constructible_v<T> &&
                                      alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__;

/// An item in a box of its own: one allocation, for types whose move may throw or that are over-aligned.
template <class T>
class boxed {
public:
  template <class... Args>
  explicit boxed(std::in_place_t, Args&&... args) : item_(std::make_unique<T>(std::forward<Args>(args)...)) {}

  T& item() const noexcept { return *item_; }

private:
  std::unique_ptr<T> item_;
};

/// An item or none. `std::optional` moves a small item together with its flag, by one load after two stores, which the
/// processor cannot forward: that alone was half of the time of a receive.
template <class T>
class maybe {
public:
  maybe() noexcept {}
  maybe(maybe&& other) noexcept {
    if (other.there_) {
      std::construct_at(&item_, std::move(other.item_));
      there_ = true;
      other.reset();
    }
  }
  maybe& operator=(maybe&&) = delete;
  ~maybe() { reset(); }

  /// @pre it is empty
  void emplace(T&& item) noexcept {
    std::construct_at(&item_, std::move(item));
    there_ = true;
  }
  /// The same, constructed by `construct(T*)`.
  void fill(auto&& construct) noexcept {
    construct(&item_);
    there_ = true;
  }
  void reset() noexcept {
    if (there_) {
      there_ = false;
      std::destroy_at(&item_);
    }
  }
  explicit operator bool() const noexcept { return there_; }
  T& operator*() noexcept { return item_; }
  const T& operator*() const noexcept { return item_; }

private:
  union {
    T item_;
  };
  bool there_ = false;
};

template <class T>
using stored = std::conditional_t<lies_directly<T>, T, boxed<T>>;

template <class T>
T& opened(T& item) noexcept {
  return item;
}
template <class T>
T& opened(boxed<T>& item) noexcept {
  return item.item();
}
template <class T>
const T& opened(const boxed<T>& item) noexcept {
  return item.item();
}

/// An item that has `void taken() noexcept` is told when a reader has it, so it is not in the queue any more.
template <class T>
void tell_taken(T& item) noexcept {
  if constexpr (requires { opened(item).taken(); })
    opened(item).taken();
}

} // namespace troupe::detail
