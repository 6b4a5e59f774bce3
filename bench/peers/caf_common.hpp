// What the CAF peer's files share: one way to say things to CAF 0.17 and to CAF 1.x, and what the actors tell main.

#pragma once

#include "peer.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <future>
#include <utility>

#define PEER_CAF_1 (CAF_MAJOR_VERSION >= 1)

namespace peer {

inline const char* const caf_name = PEER_CAF_1 ? "caf1" : "caf017";

// Messages are told apart by their types. These need no registration in either version.
using item = int64_t;
using item_source = int32_t; // precedes an item where it matters which producer sent it
using credit = uint32_t;     // how many more items the receiver may send
using quick_ball = uint64_t; // of pingpong_send
using stop = bool;

template <class Self, class... Parts>
void tell(Self* self, const caf::actor& to, Parts&&... parts) {
#if PEER_CAF_1
  self->mail(std::forward<Parts>(parts)...).send(to);
#else
  self->send(to, std::forward<Parts>(parts)...);
#endif
}

/// A message without a sender.
template <class... Parts>
void post(const caf::actor& to, Parts&&... parts) {
#if PEER_CAF_1
  caf::anon_mail(std::forward<Parts>(parts)...).send(to);
#else
  caf::anon_send(to, std::forward<Parts>(parts)...);
#endif
}

/// An actor that hears when one it watches has ended.
class watching_actor : public caf::event_based_actor {
public:
  explicit watching_actor(caf::actor_config& config) : event_based_actor(config) {
#if !PEER_CAF_1
    set_down_handler([this](caf::down_msg&) { child_ended(); });
#endif
  }

protected:
  void watch(const caf::actor& child) {
#if PEER_CAF_1
    monitor(child, [this](const caf::error&) { child_ended(); });
#else
    monitor(child);
#endif
  }

  virtual void child_ended() = 0;
};

/// Written by the actors of the one run, read by main when `finished` is set (or all actors are gone).
struct scoreboard {
  std::atomic<int64_t> count{0}, sum{0};
  std::atomic<int> consumers_left{0};
  std::promise<void> finished;

  void add(const totals& got) { count += got.count, sum += got.sum; }
  totals all() const { return {count, sum}; }
};

inline scoreboard board;

} // namespace peer
