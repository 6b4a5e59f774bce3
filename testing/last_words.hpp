// What is said when a run takes the whole program with it: an assertion, a crash, a sanitizer's finding.

#pragma once

#include <string>

namespace troupe::detail {

/// Can tell which run is under way.
class last_speaker {
public:
  /// Called while the program dies.
  virtual std::string last_words() const = 0;

protected:
  ~last_speaker() = default;
};

/// While it lives, a program that dies writes the last words of `who` to standard error first.
class last_words {
public:
  explicit last_words(const last_speaker& who);
  ~last_words();
  last_words(const last_words&) = delete;
  last_words& operator=(const last_words&) = delete;

private:
  const last_speaker* const before_;
};

/// Writes them now, where there are any, and not again: the program dies of something else.
void speak_last_words();

} // namespace troupe::detail
