// SV-05 and SV-07 on CAF's actors: many that know each other, and let go of each other when they leave.

#include "caf_micro.hpp"
#include "caf_programs.hpp"

#include <tests/savina/micro_problems.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

// ---- SV-05 ----------------------------------------------------------------------------------------------------------

namespace {

using token_atom = caf::atom_constant<caf::atom("token")>;

class ring_member : public attending_actor {
public:
  ring_member(caf::actor_config& config, number index, thread_ring_size size, ring_books& books)
      : attending_actor(config, books.actors), index_(index), size_(size), books_(books) {}

  caf::behavior make_behavior() override {
    return {[this](const caf::actor& next) { neighbour_ = next; }, [this](token_atom, number left) { pass_on(left); },
            [this](caf::leave_atom, number left) { // how many have not been told
              if (left > 0)
                send(neighbour_, caf::leave_atom::value, left - 1);
              quit();
            }};
  }

  void on_exit() override {
    destroy(neighbour_); // else all would hold each other
    attending_actor::on_exit();
  }

private:
  void pass_on(number left) {
    books_.one_less = books_.one_less && left == size_.hops - books_.hops;
    if (left == 0) {
      books_.last_holder = index_;
      return send(neighbour_, caf::leave_atom::value, number{size_.actors - 1});
    }
    ++books_.hops;
    send(neighbour_, token_atom::value, left - 1);
  }

  number index_;
  thread_ring_size size_;
  ring_books& books_;
  caf::actor neighbour_;
};

} // namespace

std::string threadring(caf::actor_system& in, std::uint64_t) {
  const thread_ring_size size;
  ring_books books;
  {
    std::vector<caf::actor> ring;
    for (number i = 0; i < size.actors; ++i)
      ring.push_back(in.spawn<ring_member>(i, size, books));
    for (std::size_t i = 0; i < size.actors; ++i)
      caf::anon_send(ring[i], ring[(i + 1) % size.actors]);
    caf::anon_send(ring[0], token_atom::value, number{size.hops});
  }
  in.await_all_actors_done();
  return judged(books, size).text();
}

// ---- SV-07: who pings answers pings meanwhile, so that two may ping each other --------------------------------------

namespace {

using done_atom = caf::atom_constant<caf::atom("done")>;

class pings_anybody : public caf::event_based_actor {
public:
  pings_anybody(caf::actor_config& config, number index, number pings, seeded_random targets, caf::actor sink,
                big_books& books)
      : event_based_actor(config), index_(index), pings_(pings), random_(targets), sink_(std::move(sink)),
        books_(books) {}

  caf::behavior make_behavior() override {
    return {[this](const std::vector<caf::actor>& all) {
              all_ = all;
              ping();
            },
            [this](caf::ping_atom) {
              ++books_.answered;
              return index_;
            },
            [this](caf::leave_atom) { quit(); }};
  }

  void on_exit() override { all_.clear(); } // else all would hold each other

private:
  void ping() {
    if (books_.pongs == pings_)
      return send(sink_, done_atom::value);
    const number whom = random_.below(all_.size());
    request(all_[whom], caf::infinite, caf::ping_atom::value).then([this, whom](number who) {
      ++books_.pongs;
      books_.from_others += who == whom ? 0 : 1;
      ping();
    });
  }

  number index_, pings_;
  seeded_random random_;
  caf::actor sink_;
  big_books& books_;
  std::vector<caf::actor> all_;
};

/// Lets all leave when all have done their pinging.
class sink : public caf::event_based_actor {
public:
  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[this](const std::vector<caf::actor>& all) { all_ = all; },
            [this](done_atom) {
              if (++done_ < all_.size())
                return;
              for (const caf::actor& each : all_)
                send(each, caf::leave_atom::value);
              quit();
            }};
  }

  void on_exit() override { all_.clear(); }

private:
  std::vector<caf::actor> all_;
  std::size_t done_ = 0;
};

} // namespace

std::string big(caf::actor_system& in, std::uint64_t seed) {
  const big_size size;
  std::vector<big_books> books(size.actors);
  {
    const caf::actor last = in.spawn<sink>();
    std::vector<caf::actor> all;
    for (number i = 0; i < size.actors; ++i)
      all.push_back(in.spawn<pings_anybody>(i, size.pings, targets_of(i, seed), last, books[i]));
    const caf::message begin = caf::make_message(all);
    caf::anon_send(last, begin); // first, for it must know how many will be done
    for (const caf::actor& each : all)
      caf::anon_send(each, begin);
  }
  in.await_all_actors_done();
  return judged(books, size, seed).text();
}

} // namespace troupe::savina::on_caf
