// Makes a program that fails smaller, for whoever has to read it.

#pragma once

#include <tests/programs/program.hpp>

#include <cstddef>

namespace troupe::tests {

/// Whether a block drains a mailbox, somewhere: without that its senders might wait for ever.
inline bool has_drain(const block& of) {
  bool found = false;
  for_each_statement(of, [&](const statement& s) { found = found || s.what == verb::drain; });
  return found;
}

/// Removes the statement with this number, counted as `for_each_statement` goes; false if it has to stay. `at` counts
/// down to it.
inline bool remove_statement(block& from, std::size_t& at) {
  for (auto each = from.begin(); each != from.end(); ++each) {
    if (at-- == 0) {
      if (each->what == verb::drain || has_drain(each->body))
        return false;
      from.erase(each);
      return true;
    }
    if (remove_statement(each->body, at))
      return true;
    if (at == static_cast<std::size_t>(-1))
      return false; // it was in there, and stays
  }
  return false;
}

/// Removes statements, one at a time, as long as `fails(program)`.
template <class Fails>
program shrunk(program of, const Fails& fails) {
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < of.size();) {
      program smaller = of;
      std::size_t at = i;
      if (remove_statement(smaller.body, at) && fails(smaller)) {
        of = std::move(smaller);
        again = true;
      } else {
        ++i;
      }
    }
  }
  return of;
}

} // namespace troupe::tests
