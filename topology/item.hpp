// What flows along the edges of a topology.

#pragma once

#include <troupe/actors/message.hpp>
#include <troupe/mailbox/statistics.hpp>
#include <troupe/scope/time_source.hpp>

#include <cstdint>
#include <utility>

namespace troupe::topology {

namespace detail {
class live;
}

/// One item. Small, and copied freely: what is in it is up to the kinds.
struct item {
  std::uint64_t number = 0; ///< Which of those that its maker has made, from 1.
  std::uint64_t key = 0;    ///< Items of the same key belong together.
  std::uint64_t value = 0;
  std::uint32_t hops = 0; ///< Over how many edges it, or what it was made from, has come.
  instant made{};
};

/// Sees to it that the books of an edge balance: what was sent ends once, as handled or as lost for one reason.
class ticket {
public:
  ticket(detail::live& books, std::size_t edge) noexcept : books_(&books), edge_(edge) {}
  ticket(ticket&& other) noexcept : books_(std::exchange(other.books_, nullptr)), edge_(other.edge_) {}
  ticket& operator=(ticket&&) = delete;
  ~ticket() { lost(drop_reason::send_cancelled); } // it never came as far as a mailbox

  void handled() noexcept;
  void lost(drop_reason why) noexcept;

private:
  detail::live* books_;
  std::size_t edge_;
};

/// An item that was sent.
struct delivery {
  item what;
  ticket paid;
};

/// One that waits for an answer, which is an item, too.
struct question {
  item what;
  ticket paid;
  reply<item> to;

  question(const item& asked, ticket books, reply<item> answer = {}) noexcept
      : what(asked), paid(std::move(books)), to(std::move(answer)) {}
  question(question&&) noexcept = default;
  question& operator=(question&&) = delete;
};

/// What is in the mailboxes of nodes.
using parcel = message<delivery, question>;

} // namespace troupe::topology
