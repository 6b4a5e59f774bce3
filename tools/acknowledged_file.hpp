// The transfers that a load client was told are committed, in a file, for an audit of the service.

#pragma once

#include <troupe/tools/load_protocol.hpp>

#include <cstdint>
#include <string>

namespace troupe::tools {

/// Each transfer is a line "KEY TRANSFER FROM TO AMOUNT", which is the system's when `add` returns: it survives the end of
/// this process.
///
/// @thread any
class acknowledged_file {
public:
  /// Appends to the file, which is made where there is none.
  ///
  /// @param path  empty: none is kept
  /// @throws std::system_error
  explicit acknowledged_file(std::string path);
  ~acknowledged_file();
  acknowledged_file(const acknowledged_file&) = delete;
  acknowledged_file& operator=(const acknowledged_file&) = delete;

  /// @throws std::system_error
  void add(const transfer_request& request, std::uint64_t transfer) const;

private:
  const std::string path_;
  int descriptor_ = -1;
};

} // namespace troupe::tools
