// Several items taken out of a mailbox at once.

#pragma once

#include <troupe/mailbox/halves.hpp>
#include <troupe/mailbox/receiving.hpp>
#include <troupe/scope/task.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace troupe {

/// What `receive_up_to` gives: items in order, none once the mailbox is closed and drained.
///
/// `next()` takes them out one by one, each settles for itself. What is left when this object goes is settled together,
/// as a `received` is: handled, or all of it `crashed` when an exception passes. So a consumer either handles items one
/// by one, or goes over all of them (`for (T& item : batch)`) and commits them at once.
///
/// @thread one at a time; it may be moved to another fiber
template <class T>
class received_batch {
public:
  received_batch() = default;
  received_batch(received_batch&& other) noexcept
      : items_(std::move(other.items_)), taken_(std::exchange(other.taken_, 0)), given_again_(other.given_again_),
        from_(std::exchange(other.from_, nullptr)) {}
  received_batch& operator=(received_batch&& other) noexcept {
    received_batch gone{std::move(*this)};
    items_ = std::move(other.items_);
    taken_ = std::exchange(other.taken_, 0);
    given_again_ = other.given_again_;
    from_ = std::exchange(other.from_, nullptr);
    return *this;
  }
  ~received_batch() {
    if (from_ != nullptr && size() != 0) // else those that it held may be settled, and the mailbox with them gone
      from_->settle_rest(items_, taken_, detail::reason_to_let_go(0));
  }

  /// False: closed and drained, nothing more will come.
  explicit operator bool() const noexcept { return from_ != nullptr; }
  /// How many are left in it.
  std::size_t size() const noexcept { return items_.size() - taken_; }

  /// Takes the first of those that are left out of it; nothing when none is.
  received<T> next() noexcept {
    if (size() == 0)
      return {};
    detail::stored<T>& item = items_[taken_++];
    if (taken_ == 1 && given_again_ != 0) [[unlikely]]
      return received<T>{*from_, std::uncaught_exceptions(), given_again_, std::move(item)};
    if (fiber* const self = this_fiber::pointer(); self != nullptr && self->calm())
      return received<T>{*from_, *self, [&item](detail::stored<T>* at) { std::construct_at(at, std::move(item)); }};
    return received<T>{*from_, std::uncaught_exceptions(), 0, std::move(item)};
  }

  /// Over those that are left in it.
  class iterator {
  public:
    T& operator*() const noexcept { return detail::opened(*at_); }
    iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    bool operator==(const iterator&) const = default;

  private:
    friend class received_batch;
    explicit iterator(detail::stored<T>* at) noexcept : at_(at) {}
    detail::stored<T>* at_;
  };
  iterator begin() noexcept { return iterator{items_.data() + taken_}; }
  iterator end() noexcept { return iterator{items_.data() + items_.size()}; }

private:
  template <class Operation, class U>
  friend task<received_batch<U>> detail::take_batch(detail::state_pointer<U, detail::half::neither> from,
                                                    std::size_t at_most);

  std::vector<detail::stored<T>> items_;
  std::size_t taken_ = 0;
  std::uint16_t given_again_ = 0; // the first of them, after the first time
  detail::mailbox_state<T>* from_ = nullptr;
};

namespace detail {

template <class Operation, class T>
task<received_batch<T>> take_batch(state_pointer<T, half::neither> from, std::size_t at_most) {
  TROUPE_ASSERT(at_most > 0, "receive_up_to() was called with 0: it would never return anything");
  received_batch<T> batch;
  batch.items_.reserve(std::min(at_most, from->room_for_batch())); // from here on nothing may fail
  auto first = co_await Operation{*from};
  if (!first)
    co_return batch;
  batch.from_ = &*from;
  batch.given_again_ = first.hand_over(batch.items_);
  from->take_more(batch.items_, at_most);
  co_return batch;
}

} // namespace detail

} // namespace troupe
