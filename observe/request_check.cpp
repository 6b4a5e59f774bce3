#include <troupe/observe/request_check.hpp>

#include <algorithm>
#include <cctype>

namespace troupe {

namespace {

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return lower;
}

/// Without the port, and without the brackets of an address of version 6.
std::string host_of(std::string_view with_port) {
  if (with_port.starts_with('[')) {
    const std::size_t end = with_port.find(']');
    return end == with_port.npos ? std::string() : in_lower_case(with_port.substr(1, end - 1));
  }
  return in_lower_case(with_port.substr(0, with_port.rfind(':')));
}

bool is_address(std::string_view host) noexcept {
  return host.find(':') != host.npos || (!host.empty() && std::all_of(host.begin(), host.end(), [](char letter) {
           return (letter >= '0' && letter <= '9') || letter == '.';
         }));
}

} // namespace

bool is_loopback(std::string_view host) noexcept {
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && is_address(host));
}

std::optional<std::string> why_refused(const request_origin& from, std::string_view listens_on, bool follows_a_link) {
  const std::string host = host_of(from.host);
  const bool is_ours =
      is_loopback(host) || (!host.empty() && host == listens_on) || (!is_loopback(listens_on) && is_address(host));
  if (!is_ours)
    return "this is no name of this server: ask for it by its address, as http://127.0.0.1 and the port";
  if (!from.origin.empty() && in_lower_case(from.origin) != "http://" + in_lower_case(from.host))
    return "pages of another origin may not ask here";
  if (!from.fetch_site.empty() && from.fetch_site != "same-origin" && from.fetch_site != "none" && !follows_a_link)
    return "pages of another site may not ask here";
  return std::nullopt;
}

std::optional<std::string> why_control_refused(const request_origin& from, std::string_view listens_on) {
  if (auto why = why_refused(from, listens_on, false))
    return why;
  const std::string type = in_lower_case(from.content_type);
  if (type != "application/json" && !type.starts_with("application/json;"))
    return "orders are JSON, with the header `Content-Type: application/json`";
  return std::nullopt;
}

} // namespace troupe
