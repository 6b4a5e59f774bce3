// What the programs of the Savina suite note in which somebody must wait, and what they must have noted: whoever's
// actors do it.

#pragma once

#include <tests/savina/contention.hpp>

#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::savina {

// ---- SV-10 ----------------------------------------------------------------------------------------------------------

struct buffer_books {
  explicit buffer_books(std::size_t consumers) : taken(consumers) {}

  attendance actors;
  std::size_t most = 0;
  std::vector<std::vector<std::size_t>> taken; ///< By each consumer.
};

inline findings judged(const buffer_books& books, const bounded_buffer_size& size) {
  std::vector<std::size_t> times(size.producers * size.items);
  std::size_t in_disorder = 0;
  for (const auto& items : books.taken) {
    std::vector<std::size_t> next(size.producers); // of each producer, the least that may come
    for (const std::size_t item : items) {
      ++times[item];
      std::size_t& least = next[item / size.items];
      in_disorder += item % size.items < least ? 1 : 0;
      least = item % size.items + 1;
    }
  }
  findings wrong;
  wrong.equal("items that were consumed just once", std::count(times.begin(), times.end(), 1U), times.size());
  wrong.equal("items that a consumer got before an earlier one of their producer", in_disorder, 0);
  wrong.expect(books.most <= size.buffer, "no more are buffered than the bound");
  wrong.all_left("actors", books.actors, size.producers + size.consumers + 1);
  return wrong;
}

// ---- SV-11 ----------------------------------------------------------------------------------------------------------

class table {
public:
  explicit table(std::size_t seats) : forks_(seats) {}

  void begin_meal(std::size_t who) { taken_twice_ += left(who)++ == 0 && right(who)++ == 0 ? 0 : 1; }
  void end_meal(std::size_t who) {
    ++meals_;
    --left(who);
    --right(who);
  }

  friend findings judged(const table& at, const philosophers_size& size) {
    findings wrong;
    wrong.equal("meals", at.meals_.load(), size.philosophers * size.rounds);
    wrong.equal("meals with a fork that somebody else had", at.taken_twice_.load(), 0);
    return wrong;
  }

private:
  std::atomic<int>& left(std::size_t who) { return forks_[who]; }
  std::atomic<int>& right(std::size_t who) { return forks_[(who + 1) % forks_.size()]; }

  std::vector<std::atomic<int>> forks_; // how many hold it
  std::atomic<std::size_t> meals_{0}, taken_twice_{0};
};

/// Who has which forks, as their arbiter sees it.
class taken_forks {
public:
  explicit taken_forks(std::size_t forks) : taken_(forks) {}

  /// False: one of the two is not free, and none is taken.
  bool take(std::size_t who) {
    char& left = taken_[who];
    char& right = taken_[(who + 1) % taken_.size()];
    if (left != 0 || right != 0)
      return false;
    left = right = 1;
    return true;
  }
  void give_back(std::size_t who) { taken_[who] = taken_[(who + 1) % taken_.size()] = 0; }

private:
  std::vector<char> taken_;
};

// ---- SV-12 ----------------------------------------------------------------------------------------------------------

struct barber_books {
  explicit barber_books(std::size_t customers) : cut(customers) {}

  std::vector<std::size_t> cut; ///< How often, by customer.
  std::size_t most = 0;         ///< Who waited at a time.
  std::atomic<std::size_t> served{0};
};

inline findings judged(const barber_books& books, const barber_size& size) {
  findings wrong;
  wrong.equal("customers whose hair was cut just once", std::count(books.cut.begin(), books.cut.end(), 1U),
              size.haircuts);
  wrong.equal("customers who went home served", books.served.load(), size.haircuts);
  wrong.expect(books.most <= size.room, "no more wait than there are chairs");
  return wrong;
}

// ---- SV-13 ----------------------------------------------------------------------------------------------------------

struct smoking_books {
  explicit smoking_books(std::size_t smokers_in_all) : times(smokers_in_all) {}

  std::vector<std::size_t> times; ///< That each has smoked.
  std::atomic<std::size_t> started{0};
  attendance smokers;
  std::size_t rounds = 0, not_just_one = 0;
};

inline findings judged(const smoking_books& books, const smokers_size& size, std::uint64_t seed) {
  std::vector<std::size_t> drawn(size.smokers);
  seeded_random random{seed};
  for (std::size_t i = 0; i < size.rounds; ++i)
    ++drawn[random.below(size.smokers)];
  findings wrong;
  wrong.equal("rounds", books.rounds, size.rounds);
  wrong.equal("rounds in which not just one began to smoke", books.not_just_one, 0);
  wrong.expect(books.times == drawn, "each smoker smokes as often as it was chosen");
  wrong.all_left("smokers", books.smokers, size.smokers);
  return wrong;
}

} // namespace troupe::savina
