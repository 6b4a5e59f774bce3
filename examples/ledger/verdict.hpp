// What came of one order.

#pragma once

#include <troupe/ledger/protocol.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace troupe::ledger {

/// The answer to an order: the number of its transfer, or why there is none.
class verdict {
public:
  verdict(std::int64_t number, bool repeated) : number_(number), repeated_(repeated) {}
  /// @param message  for people
  verdict(refusal why, std::string message) : refused_(why), message_(std::move(message)) {}

  std::optional<refusal> refused() const noexcept { return refused_; }
  const std::string& message() const noexcept { return message_; }
  std::int64_t number() const noexcept { return number_; }
  bool repeated() const noexcept { return repeated_; }

private:
  std::optional<refusal> refused_;
  std::string message_;
  std::int64_t number_ = 0;
  bool repeated_ = false;
};

/// What the database has made of a transfer.
verdict verdict_of(const transfer& asked, const written& done);
/// What is known of an order whose commit has failed so: it may have begun.
verdict verdict_of_commit(const std::exception_ptr& failed);
/// What is known of an order that the desk has not answered. Once it has asked for the commit the desk always answers,
/// so an order that was stopped there was not done.
verdict verdict_of_order(const std::exception_ptr& failed);
/// The same of a question, which is never in doubt.
verdict verdict_of_question(const std::exception_ptr& failed);

/// A `store_error` whose cause is the storage.
bool is_of_storage(const std::exception_ptr& failed) noexcept;

} // namespace troupe::ledger
