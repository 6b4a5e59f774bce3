// Items that keep books on themselves, for the tests of the mailbox: each must end exactly once.

#pragma once

#include <troupe/mailbox/statistics.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace troupe::tests {

/// What has happened to each item of a test.
///
/// @thread any; `problems` once nothing runs any more
class ledger {
public:
  explicit ledger(std::size_t items_max) : items_max_(items_max), ends_(new std::atomic<int>[items_max]) {
    for (std::size_t i = 0; i < items_max; ++i)
      ends_[i].store(0);
  }

  void acquired() noexcept { ++acquired_; }
  void released(bool ended) noexcept {
    ++released_;
    if (!ended)
      ++lost_;
  }
  void handled(std::size_t item) noexcept {
    ++ends_[item];
    ++handled_;
  }
  void kept(std::size_t item) noexcept {
    ++ends_[item];
    ++kept_;
  }
  void dropped(std::size_t item, drop_reason reason) noexcept {
    ++ends_[item];
    ++dropped_[static_cast<std::size_t>(reason)];
  }

  std::size_t alive() const noexcept { return acquired_ - released_; }
  std::size_t acquired_count() const noexcept { return acquired_; }
  std::size_t handled_count() const noexcept { return handled_; }
  std::size_t dropped_count(drop_reason reason) const noexcept { return dropped_[static_cast<std::size_t>(reason)]; }

  /// Empty when each item that was made has ended once, and the mailbox has counted the same; it must be drained.
  std::string problems(const mailbox_statistics& now) const {
    std::string found;
    const auto equal = [&](const char* what, std::size_t is, std::size_t wanted) {
      if (is != wanted)
        found += std::string(what) + " is " + std::to_string(is) + ", not " + std::to_string(wanted) + '\n';
    };
    equal("released", released_, acquired_);
    equal("lost without a word", lost_, 0);
    std::size_t ended = handled_ + kept_;
    std::size_t sent = handled_;
    for (std::size_t i = 0; i < drop_reasons; ++i) {
      ended += dropped_[i];
      if (i >= static_cast<std::size_t>(drop_reason::oldest))
        sent += dropped_[i];
      equal(std::string(to_string(static_cast<drop_reason>(i))).c_str(), now.dropped[i], dropped_[i]);
    }
    equal("ended", ended, acquired_);
    for (std::size_t i = 0; i < items_max_; ++i)
      if (ends_[i] > 1)
        found += "item " + std::to_string(i) + " has ended " + std::to_string(ends_[i].load()) + " times\n";
    equal("handled", now.handled, handled_);
    equal("sent", now.sent, sent);
    equal("settled", now.settled, now.sent);
    equal("depth", now.depth, 0);
    equal("in hand", now.in_hand, 0);
    equal("reserved", now.reserved, 0);
    equal("senders waiting", now.senders_waiting, 0);
    equal("receivers waiting", now.receivers_waiting, 0);
    if (now.depth_max > now.capacity)
      found += "the depth was above the capacity\n";
    return found;
  }

private:
  std::size_t items_max_;
  std::unique_ptr<std::atomic<int>[]> ends_;
  std::atomic<std::size_t> acquired_{0};
  std::atomic<std::size_t> released_{0};
  std::atomic<std::size_t> lost_{0};
  std::atomic<std::size_t> handled_{0};
  std::atomic<std::size_t> kept_{0};
  std::array<std::atomic<std::size_t>, drop_reasons> dropped_{};
};

/// A move-only item with a resource: acquired when it is made, released when whoever holds it lets it go.
class parcel {
public:
  parcel(ledger& books, std::size_t number) noexcept : books_(&books), number_(number) { books.acquired(); }
  parcel(parcel&& other) noexcept
      : books_(std::exchange(other.books_, nullptr)), number_(other.number_), ended_(other.ended_) {}
  parcel& operator=(parcel&& other) noexcept {
    parcel gone{std::move(*this)};
    books_ = std::exchange(other.books_, nullptr);
    number_ = other.number_;
    ended_ = other.ended_;
    return *this;
  }
  ~parcel() {
    if (books_ != nullptr)
      books_->released(ended_);
  }

  /// False: it was moved from.
  bool is_here() const noexcept { return books_ != nullptr; }
  bool has_ended() const noexcept { return ended_; }
  std::size_t number() const noexcept { return number_; }

  void handled() noexcept {
    end([&] { books_->handled(number_); });
  }
  /// A sender keeps it, which could not send it.
  void kept() noexcept {
    end([&] { books_->kept(number_); });
  }
  void dropped(drop_reason reason) noexcept {
    end([&] { books_->dropped(number_, reason); });
  }

private:
  void end(auto&& tell) noexcept {
    tell();
    ended_ = true;
  }

  ledger* books_;
  std::size_t number_;
  bool ended_ = false;
};

/// The handler of undelivered parcels: takes one note, leaves the parcel where it is.
inline auto into_the_books() noexcept {
  return [](parcel&& item, drop_reason reason) { item.dropped(reason); };
}

} // namespace troupe::tests
