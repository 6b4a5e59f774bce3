// What flows along the edges of a topology.

#pragma once

#include <troupe/actors/message.hpp>
#include <troupe/scope/time_source.hpp>

#include <cstdint>
#include <utility>

namespace troupe::topology {

/// One item. Small, and copied freely: what is in it is up to the kinds.
struct item {
  std::uint64_t number = 0; ///< Which of those that its maker has made, from 1.
  std::uint64_t key = 0;    ///< Items of the same key belong together.
  std::uint64_t value = 0;
  std::uint32_t hops = 0; ///< Over how many edges it, or what it was made from, has come.
  std::uint32_t edge = 0; ///< The index of the last one. Written by whoever sends it.
  instant made{};
};

/// An item that waits for an answer, which is an item, too.
struct question {
  item what;
  reply<item> to;

  explicit question(const item& asked, reply<item> answer = {}) noexcept : what(asked), to(std::move(answer)) {}
};

/// What is in the mailboxes of nodes.
using parcel = message<item, question>;

} // namespace troupe::topology
