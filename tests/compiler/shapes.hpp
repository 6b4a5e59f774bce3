// Ways to write an expression with `co_await` that compilers are known to get wrong, and their neighbours that are
// right.

#pragma once

#include <tests/compiler/tracer.hpp>

#include <troupe/scope/task.hpp>

#include <cstdint>
#include <vector>

namespace troupe::tests {

/// What a compiler makes of a shape.
enum class answer : std::uint8_t {
  fine,  ///< Everything was constructed once, destroyed once, and had the right value.
  wrong, ///< A wrong value, or something destroyed twice, never, or while in use.
  crash, ///< Ended by a signal, or runs for ever. Where that comes of memory that was never written, a run
         ///< may also be just wrong, so that is accepted where a crash is recorded.
  does_not_compile,
};

/// What is recorded of a shape, and in `docs/compilers.md`.
struct recorded {
  answer gcc_12;   ///< g++ 12
  answer clang_16; ///< clang 16 and newer
};

inline constexpr recorded fine_everywhere{answer::fine, answer::fine};
inline constexpr recorded wrong_on_gcc{answer::wrong, answer::fine};
inline constexpr recorded crash_on_gcc{answer::crash, answer::fine};

struct shape {
  const char* name;
  task<bool> (*run)(); ///< Its result: the values were right.
  recorded answers;
};

extern const std::vector<shape> aggregate_shapes;
extern const std::vector<shape> closure_shapes;
extern const std::vector<shape> choice_shapes;
extern const std::vector<shape> control_shapes;
extern const std::vector<shape> fine_shapes;

} // namespace troupe::tests
