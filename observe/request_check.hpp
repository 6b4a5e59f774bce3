// Whether a request comes from our own page, or at least from nobody else's.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// What a request says of where it comes from. Empty: it does not say.
struct request_origin {
  std::string host;       ///< The header of that name.
  std::string origin;     ///< As well.
  std::string fetch_site; ///< `Sec-Fetch-Site`.
  std::string content_type;
};

/// True for a name or an address that leads to this machine alone.
bool is_loopback(std::string_view host) noexcept;

/// Why a request is refused; empty: it is not.
///
/// The host must be `listens_on`, or a loopback one: a page of somebody else's whose name was made to lead here
/// ("DNS rebinding") sends its own name. On an address that others reach any address will do, and no name. A request
/// that a page of another origin makes is refused, unless it is somebody who follows a link to our page.
std::optional<std::string> why_refused(const request_origin& from, std::string_view listens_on, bool follows_a_link);

/// The same for one that changes something: only JSON, which no form of another site can send.
std::optional<std::string> why_control_refused(const request_origin& from, std::string_view listens_on);

} // namespace troupe
