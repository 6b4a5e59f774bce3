// What the micro programs of the Savina suite note, and what they must have noted: whoever's actors do it.

#pragma once

#include <tests/savina/micro.hpp>

#include <troupe/simulation/random.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::savina {

// ---- SV-01 ----------------------------------------------------------------------------------------------------------

struct pingpong_books {
  std::size_t pings = 0, pongs = 0;
  bool in_order = true;
};

inline findings judged(const pingpong_books& books, const pingpong_size& size) {
  findings wrong;
  wrong.equal("pings", books.pings, size.pings);
  wrong.equal("pongs", books.pongs, size.pings);
  wrong.expect(books.in_order, "pings and pongs come in the order in which they were sent");
  return wrong;
}

// ---- SV-03 ----------------------------------------------------------------------------------------------------------

/// Of one actor.
struct throughput_books {
  std::size_t handled = 0;
  bool in_order = true;
};

inline findings judged(const std::vector<throughput_books>& books, const fork_join_throughput_size& size) {
  findings wrong;
  std::size_t sum = 0;
  for (const throughput_books& each : books) {
    sum += each.handled;
    wrong.equal("handled by one actor", each.handled, size.messages);
    wrong.expect(each.in_order, "messages of one sender come in the order in which they were sent");
  }
  wrong.equal("handled by all", sum, size.actors * size.messages);
  return wrong;
}

// ---- SV-04 ----------------------------------------------------------------------------------------------------------

struct create_books {
  attendance actors;
  std::atomic<std::size_t> told{0};
};

inline findings judged(const create_books& books, const fork_join_create_size& size) {
  findings wrong;
  wrong.all_left("actors", books.actors, size.actors);
  wrong.equal("actors that were told", books.told.load(), size.actors);
  return wrong;
}

// ---- SV-05 ----------------------------------------------------------------------------------------------------------

struct ring_books {
  std::size_t hops = 0; ///< Written by who has the token.
  std::size_t last_holder = 0;
  bool one_less = true;
  attendance actors;
};

inline findings judged(const ring_books& books, const thread_ring_size& size) {
  findings wrong;
  wrong.equal("hops", books.hops, size.hops);
  wrong.expect(books.one_less, "the token is one less at each hop");
  wrong.equal("last holder", books.last_holder, size.hops % size.actors);
  wrong.all_left("actors", books.actors, size.actors);
  return wrong;
}

// ---- SV-06 ----------------------------------------------------------------------------------------------------------

enum class colour : std::uint8_t { blue, red, yellow };

/// Both become what neither is, or stay what both are.
inline colour mixed(colour mine, colour theirs) {
  if (mine == theirs)
    return mine;
  return static_cast<colour>(3 - static_cast<int>(mine) - static_cast<int>(theirs));
}

struct partner {
  std::size_t index;
  colour has;
};

inline partner creature_at(std::size_t index) { return {index, static_cast<colour>(index % 3)}; }

struct meeting_books {
  explicit meeting_books(std::size_t all) : met(all, std::vector<std::size_t>(all)) {}

  std::vector<std::vector<std::size_t>> met; ///< How often, by whom and whom.
  std::size_t held = 0;
  attendance creatures;
};

inline findings judged(const meeting_books& books, const chameneos_size& size) {
  findings wrong;
  std::size_t reported = 0;
  for (std::size_t i = 0; i < size.creatures; ++i) {
    wrong.equal("meetings with oneself", books.met[i][i], 0);
    for (std::size_t j = 0; j < size.creatures; ++j) {
      reported += books.met[i][j];
      if (j < i)
        wrong.equal("meetings of two, as one and as the other counts them", books.met[i][j], books.met[j][i]);
    }
  }
  wrong.equal("meetings held", books.held, size.meetings);
  wrong.equal("meetings reported", reported, 2 * size.meetings);
  wrong.all_left("creatures", books.creatures, size.creatures);
  return wrong;
}

// ---- SV-07 ----------------------------------------------------------------------------------------------------------

/// Of one actor.
struct big_books {
  std::size_t answered = 0, pongs = 0, from_others = 0;
};

/// Whom one actor pings, one after the other.
inline seeded_random targets_of(std::size_t index, std::uint64_t seed) {
  return seeded_random{seed * 1'000'003 + index};
}

inline findings judged(const std::vector<big_books>& books, const big_size& size, std::uint64_t seed) {
  std::vector<std::size_t> drawn(size.actors);
  for (std::size_t i = 0; i < size.actors; ++i) {
    seeded_random random = targets_of(i, seed);
    for (std::size_t n = 0; n < size.pings; ++n)
      ++drawn[random.below(size.actors)];
  }
  findings wrong;
  for (std::size_t i = 0; i < size.actors; ++i) {
    wrong.equal("pongs that one actor got", books[i].pongs, size.pings);
    wrong.equal("pongs of somebody who was not pinged", books[i].from_others, 0);
    wrong.equal("pings that one actor answered", books[i].answered, drawn[i]);
  }
  return wrong;
}

} // namespace troupe::savina
