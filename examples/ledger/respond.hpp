// The answer of the service to one line.

#pragma once

#include <troupe/ledger/conversation.hpp>

#include <troupe/scope/task.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace troupe::ledger {

/// A line of a client, and when it came.
struct received_line {
  std::string_view text; ///< Without its end.
  instant at;
};

/// A request for the actors, with its place in what they have in hand or before them.
class admitted {
public:
  admitted(request asked, instant deadline, std::atomic<std::size_t>& counted_in) noexcept
      : asked_(std::move(asked)), deadline_(deadline), in_(&counted_in) {
    ++*in_;
  }
  admitted(admitted&& other) noexcept
      : asked_(std::move(other.asked_)), deadline_(other.deadline_), in_(std::exchange(other.in_, nullptr)) {}
  admitted& operator=(admitted&&) = delete;
  ~admitted() {
    if (in_ != nullptr)
      --*in_;
  }

  const request& asked() const noexcept { return asked_; }
  instant deadline() const noexcept { return deadline_; }

private:
  request asked_;
  instant deadline_;
  std::atomic<std::size_t>* in_;
};

/// What can be said to a line at once, and that is most of what there is to say under overload; or what the actors are
/// to be asked.
///
/// @returns a line without its end, or the request
/// @thread  a fiber's
std::variant<std::string, admitted> look_at(service_side& with, const received_line& line);

/// Asks the actors.
///
/// @suspends until it is done, or its deadline has passed and its fate is known
/// @cancel   what has not begun is not done; a commit that has begun is carried through
/// @returns  a line without its end
task<std::string> respond(service_side& with, admitted what);

} // namespace troupe::ledger
