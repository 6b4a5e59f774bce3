// What is known of each item of a random program, and of each fiber, until the books are closed.

#pragma once

#include <tests/programs/program.hpp>

#include <troupe/mailbox/statistics.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

/// What the statement `fail` throws.
class planned_failure : public std::runtime_error {
public:
  planned_failure() : std::runtime_error("this fiber was to fail") {}
};

/// How an item can end: what is below `drop_reasons` is a `drop_reason`.
enum ending_of_item : std::uint8_t {
  item_handled = drop_reasons, ///< By whoever received it.
  item_returned,               ///< By `close_and_return`.
  item_kept,                   ///< By its sender, which did not send it.
  item_endings,
};

/// The name of an ending.
inline std::string name_of(std::size_t ending) {
  constexpr const char* others[] = {"handled", "returned", "kept"};
  return ending < drop_reasons ? std::string{to_string(static_cast<drop_reason>(ending))}
                               : others[ending - drop_reasons];
}

/// Books that a test spoils on purpose, to see that it is noticed.
enum class fault : std::uint8_t {
  none,
  forgets_a_drop, ///< One item that was not delivered is not written down.
  ends_twice,     ///< One item is written down twice.
  keeps_an_item,  ///< One item is held beyond the end of the program.
  keeps_a_sender, ///< So is a sender of the last mailbox.
};

/// @thread any; `problems` once nothing runs any more
class item_books {
public:
  struct record {
    std::atomic<std::uint8_t> ends{0};
    std::atomic<bool> gone{false};
    std::uint8_t box = 0;
    std::uint16_t sender = 0;
  };

  item_books(std::size_t items_max, fault spoiled_by) : records_(items_max), spoiled_by_(spoiled_by) {}

  std::size_t made_by(unsigned sender, std::size_t box) noexcept {
    const std::size_t number = made_++;
    if (number >= records_.size()) {
      note("more items are made than the program has sends");
      return 0;
    }
    records_[number].box = static_cast<std::uint8_t>(box);
    records_[number].sender = static_cast<std::uint16_t>(sender);
    return number;
  }
  std::size_t copied(std::size_t number) noexcept { return made_by(records_[number].sender, records_[number].box); }
  void gone(std::size_t number) noexcept {
    if (records_[number].gone.exchange(true))
      note("an item was destroyed twice: " + name(number));
    ++gone_;
  }
  void ended(std::size_t number, std::size_t how) noexcept {
    if (how < drop_reasons && spoiled_by_ == fault::forgets_a_drop && !spoiled_.exchange(true))
      return;
    record& of = records_[number];
    ++of.ends;
    ++ends_[of.box][how];
    if (how == item_handled && spoiled_by_ == fault::ends_twice && !spoiled_.exchange(true))
      ++of.ends;
  }
  /// Something that is wrong.
  void note(std::string what) noexcept {
    const std::lock_guard held{mutex_};
    if (notes_.size() < 1'000)
      notes_ += what + '\n';
  }
  /// Notes an error that programs do not make, in whatever groups it is.
  void note_unplanned(const std::exception_ptr& error) noexcept {
    try {
      std::rethrow_exception(error);
    } catch (const error_group& group) {
      if (group.errors().empty())
        note("an error group without an error");
      for (const group_error& each : group.errors())
        note_unplanned(each.error);
    } catch (const planned_failure&) {
    } catch (const deadline_exceeded&) {
    } catch (const child_cancelled&) {
    } catch (...) {
      note("an error out of nowhere: " + message_of(error));
    }
  }

  fault spoiled_by() const noexcept { return spoiled_by_; }
  std::size_t sent(std::size_t box) const noexcept {
    return ends_[box][item_handled] + ends_[box][item_returned] + dropped_inside(box);
  }

  /// Empty when each item ended and went once.
  std::string problems() const {
    std::string found = notes_;
    if (made_ != gone_)
      found += std::to_string(made_) + " items were made, " + std::to_string(gone_) + " have gone\n";
    for (std::size_t i = 0; i < made_ && i < records_.size(); ++i)
      if (records_[i].ends != 1)
        found += name(i) + " has ended " + std::to_string(records_[i].ends) + " times\n";
    return found;
  }
  /// Empty when a mailbox, whose halves are gone, has counted the same.
  std::string problems(std::size_t box, const mailbox_statistics& now) const {
    std::string found;
    const auto equal = [&](const std::string& what, std::size_t is, std::size_t wanted) {
      if (is != wanted)
        found += "mailbox " + std::to_string(box) + ": " + what + " is " + std::to_string(is) + ", not " +
                 std::to_string(wanted) + '\n';
    };
    for (std::size_t i = 0; i < drop_reasons; ++i)
      equal(name_of(i), now.dropped[i], ends_[box][i]);
    equal("handled", now.handled, ends_[box][item_handled]);
    equal("returned", now.returned, ends_[box][item_returned]);
    equal("sent", now.sent, sent(box));
    equal("settled", now.settled, now.sent);
    equal("depth", now.depth, 0);
    equal("in hand", now.in_hand, 0);
    equal("reserved", now.reserved, 0);
    equal("senders waiting", now.senders_waiting, 0);
    equal("receivers waiting", now.receivers_waiting, 0);
    equal("closed", now.closed ? 1 : 0, 1);
    if (now.depth_max > now.capacity)
      found += "mailbox " + std::to_string(box) + ": the depth was above the capacity\n";
    return found;
  }

private:
  std::size_t dropped_inside(std::size_t box) const noexcept {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < drop_reasons; ++i)
      sum += was_in_the_mailbox(static_cast<drop_reason>(i)) ? ends_[box][i].load() : 0;
    return sum;
  }
  std::string name(std::size_t number) const {
    return "item " + std::to_string(number) + " of fiber " + std::to_string(records_[number].sender) + " to mailbox " +
           std::to_string(records_[number].box);
  }

  std::vector<record> records_;
  std::atomic<std::size_t> made_{0};
  std::atomic<std::size_t> gone_{0};
  std::array<std::array<std::atomic<std::size_t>, item_endings>, boxes_max> ends_{};
  fault spoiled_by_;
  std::atomic<bool> spoiled_{false};
  std::mutex mutex_;
  std::string notes_;
};

/// An item that keeps books on itself. A copy is another item. `Boxed`: its move is not declared noexcept.
template <bool Boxed>
class letter {
public:
  letter(item_books& books, unsigned sender, std::size_t box) noexcept
      : books_(&books), number_(books.made_by(sender, box)) {}
  letter(const letter& other) noexcept(!Boxed) : books_(other.books_), number_(books_->copied(other.number_)) {}
  letter(letter&& other) noexcept(!Boxed) : books_(std::exchange(other.books_, nullptr)), number_(other.number_) {}
  letter& operator=(const letter&) = delete;
  ~letter() {
    if (books_ != nullptr)
      books_->gone(number_);
  }

  /// False: it was moved from.
  bool is_here() const noexcept { return books_ != nullptr; }
  void ended(std::size_t how) noexcept { books_->ended(number_, how); }

private:
  item_books* books_;
  std::size_t number_;
};

} // namespace troupe::tests
