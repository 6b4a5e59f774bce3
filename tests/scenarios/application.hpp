// Applications in small, with books that must hold whatever befalls them: what explorers and fault injectors run.

#pragma once

#include <troupe/scope/task.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tests {

/// A small tree of actors, and the books of one run of it. It knows nothing of who runs it, on one thread.
class application {
public:
  application() = default;
  application(const application&) = delete;
  application& operator=(const application&) = delete;
  virtual ~application() = default;

  /// The root of the tree; called once. Any of its fibers may throw, be stopped, find a mailbox full, or run out of
  /// time, at any wait: it may then end with an error or be stopped.
  virtual task<> run() = 0;
  /// Once the tree has gone: what the books find wrong, a line each. Empty whatever befell the tree, as long as the
  /// library keeps its promises.
  virtual std::string problems() const = 0;
  /// Whether all was done that there is to do, as it is when nothing befalls the tree.
  virtual bool whole() const = 0;
};

struct application_kind {
  std::string_view name;
  std::string_view watch; ///< What to look at in it: a sentence.
  std::unique_ptr<application> (*make)(std::uint64_t seed);
  /// One whose own logic is wrong, not the library's: its books must find that.
  std::unique_ptr<application> (*make_broken)(std::uint64_t seed);
  std::string_view mistake; ///< What is wrong with that.
};

const std::vector<application_kind>& all_applications();

/// Whether an application does right what it is an example of.
enum class logic : bool { right, broken };

/// `Kind(seed, logic)` as one of them.
template <class Kind>
application_kind described(std::string_view name, std::string_view watch, std::string_view mistake) {
  return {
      name, watch,
      [](std::uint64_t seed) -> std::unique_ptr<application> { return std::make_unique<Kind>(seed, logic::right); },
      [](std::uint64_t seed) -> std::unique_ptr<application> { return std::make_unique<Kind>(seed, logic::broken); },
      mistake};
}

} // namespace troupe::tests
