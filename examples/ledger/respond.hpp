// The answer of the service to one line.

#pragma once

#include <troupe/ledger/conversation.hpp>

#include <troupe/scope/task.hpp>

#include <string>
#include <string_view>

namespace troupe::ledger {

/// Gives the answer to a line, whatever it is, in a line without its end.
///
/// @param line  outlives the await
/// @suspends until the request is done, or its deadline has passed and its fate is known
/// @cancel   what has not begun is not done; a commit that has begun is carried through
task<std::string> respond(service_side& with, const std::string& line);

} // namespace troupe::ledger
