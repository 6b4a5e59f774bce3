#include <troupe/scope/would_deadlock.hpp>

namespace troupe {

would_deadlock::would_deadlock(const std::string& cycle)
    : std::runtime_error("this wait would never end, because each of these waits for the next one: " + cycle) {}

} // namespace troupe
