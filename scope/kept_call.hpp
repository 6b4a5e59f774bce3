// A function and copies of its arguments, kept until it is called. All of this is compiled for each fiber that a
// program starts, so it asks little of the compiler: what std::bind_front, std::tuple and std::optional would do takes
// far more.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// One of several things that are kept; the index makes equal types different.
template <std::size_t Index, class T>
struct kept {
  [[no_unique_address]] T value;
};

template <class Indexes, class... Args>
class kept_arguments;
template <std::size_t... Indexes, class... Args>
class kept_arguments<std::index_sequence<Indexes...>, Args...> : kept<Indexes, Args>... {
public:
  template <class... A>
  explicit kept_arguments(std::in_place_t, A&&... args) : kept<Indexes, Args>{std::forward<A>(args)}... {}

  /// Passes all of them on as rvalues, after `first`.
  template <class Function, class... First>
  decltype(auto) pass_to(Function& function, First&&... first) {
    return std::invoke(function, std::forward<First>(first)..., std::move(kept<Indexes, Args>::value)...);
  }
};

template <class Function, class... Args>
class kept_call {
public:
  template <class F, class... A>
  explicit kept_call(std::in_place_t, F&& function, A&&... args)
      : function_(std::forward<F>(function)), arguments_(std::in_place, std::forward<A>(args)...) {}

  /// Once: the arguments are moved from.
  template <class... First>
  decltype(auto) operator()(First&&... first) {
    return arguments_.pass_to(function_, std::forward<First>(first)...);
  }

private:
  [[no_unique_address]] Function function_;
  [[no_unique_address]] kept_arguments<std::index_sequence_for<Args...>, Args...> arguments_;
};

/// Something that can go before its owner does.
template <class T>
class droppable {
public:
  template <class... A>
  explicit droppable(std::in_place_t, A&&... args) : kept_(std::forward<A>(args)...) {}
  droppable(const droppable&) = delete;
  droppable& operator=(const droppable&) = delete;
  ~droppable() { drop(); }

  void drop() noexcept {
    if (!std::exchange(dropped_, true))
      std::destroy_at(&kept_);
  }
  /// @pre not dropped
  T& operator*() noexcept { return kept_; }
  T* operator->() noexcept { return &kept_; }

private:
  union {
    T kept_;
  };
  bool dropped_ = false;
};

} // namespace troupe::detail
