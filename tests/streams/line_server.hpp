// A server of lines, as tests have it.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/streams/framing.hpp>

#include <optional>
#include <string>

namespace troupe::tests {

/// Answers each line with it and "re: " before it.
inline task<> answers(byte_stream& over) {
  line_reader lines{over, 100};
  while (std::optional<std::string> line = co_await lines.next())
    co_await write_line(over, "re: " + *line);
}

} // namespace troupe::tests
