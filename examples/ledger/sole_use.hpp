// One process at a time uses a database.

#pragma once

#include <stdexcept>
#include <string>

namespace troupe::ledger {

/// Somebody else uses the database.
class in_use : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Has a database for itself while it lives: two that serve one would each have balances of their own.
///
/// It is an `flock` of the file itself, which ends with the process, however that ends, and which SQLite does not look
/// at. Closing the file would end SQLite's own locks of this process, so this lives longer than each `store`.
class sole_use {
public:
  /// @param database  made where there is none, and empty. One that cannot be opened is left to the `store`, which says why
  /// @throws in_use   with who has it, where the system tells
  explicit sole_use(const std::string& database);
  ~sole_use();
  sole_use(const sole_use&) = delete;
  sole_use& operator=(const sole_use&) = delete;

private:
  int file_;
};

} // namespace troupe::ledger
