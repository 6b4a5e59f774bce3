#include <troupe/scope/assert.hpp>

#include <cstdio>
#include <cstdlib>

namespace troupe::detail {

void assertion_failed(const char* condition, const char* sentence, std::source_location where) noexcept {
  std::fprintf(stderr, "troupe: %s:%u: %s\n  in %s\n  because (%s) does not hold\n", where.file_name(),
               static_cast<unsigned>(where.line()), sentence, where.function_name(), condition);
  std::fflush(stderr);
  std::abort();
}

} // namespace troupe::detail
