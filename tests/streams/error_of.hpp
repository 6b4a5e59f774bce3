// What an operation that must fail fails with.

#pragma once

#include <troupe/scope/as_outcome.hpp>
#include <troupe/streams/byte_stream.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace troupe::tests {

/// The error of the given kind that it ends with. Throws where there is none: Catch2 wants one thread at a time.
template <class Error, class T>
task<Error> error_of(task<T> failing) {
  const auto ended = co_await as_outcome(std::move(failing));
  if (!ended.has_error())
    throw std::logic_error("it did not fail");
  try {
    std::rethrow_exception(ended.error());
  } catch (const Error& error) {
    co_return error;
  }
}

/// Writes until that fails: a side that has closed is known to have done so once that has come back.
inline task<> writes_on(byte_stream& to) {
  for (;;)
    co_await to.write("is anybody there?");
}

} // namespace troupe::tests
