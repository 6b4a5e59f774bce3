// A live feed over HTTP.

#pragma once

#include <troupe/observe/live_feed.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace troupe {

/// Answers requests for the page, the tree, its metrics and its events until it goes. Lives shorter than the feed.
class live_server {
public:
  /// @throws std::system_error: it cannot listen there
  live_server(live_feed& of, const std::string& host, std::uint16_t port, bool control, std::size_t clients_max);
  /// Ends all connections, and the waits of the feed.
  ~live_server();
  live_server(const live_server&) = delete;
  live_server& operator=(const live_server&) = delete;

  std::string url() const;

private:
  class server;

  std::unique_ptr<server> server_;
};

} // namespace troupe
