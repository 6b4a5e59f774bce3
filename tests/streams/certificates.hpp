// Certificates that a test makes for itself: an authority, and whom it vouches for.

#pragma once

#include <string>

namespace troupe::tests {

/// Files of PEM in a folder of their own, which goes with this.
class certificates {
public:
  certificates();
  ~certificates();
  certificates(const certificates&) = delete;
  certificates& operator=(const certificates&) = delete;

  const std::string& folder() const noexcept { return folder_; }
  std::string authority() const { return folder_ + "/authority.pem"; }
  /// Of an authority that nobody trusts.
  std::string other_authority() const { return folder_ + "/other.pem"; }
  /// For "server.test" and 127.0.0.1.
  std::string server() const { return folder_ + "/server.pem"; }
  std::string server_key() const { return folder_ + "/server.key"; }
  /// The same, and its time is over.
  std::string expired() const { return folder_ + "/expired.pem"; }
  std::string expired_key() const { return folder_ + "/expired.key"; }
  std::string client() const { return folder_ + "/client.pem"; }
  std::string client_key() const { return folder_ + "/client.key"; }

private:
  std::string folder_;
};

/// Made once, for all tests of the program.
const certificates& test_certificates();

} // namespace troupe::tests
