#include <troupe/testing/chrome_trace.hpp>
#include <troupe/testing/mermaid.hpp>
#include <troupe/testing/trace_file.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace troupe {

namespace {

bool is_json(const std::string& file) noexcept { return file.ends_with(".json"); }
bool is_mermaid(const std::string& file) noexcept { return file.ends_with(".mmd"); }

} // namespace

void write_trace(const trace& run, const std::string& file) {
  if (!is_json(file) && !is_mermaid(file))
    throw std::invalid_argument(fmt::format("the name '{}' does not say how to write the trace: let it end with .json, "
                                            "for Perfetto, or with .mmd, for a Mermaid diagram",
                                            file));
  const std::string text = is_json(file) ? to_chrome_trace(run) : to_mermaid(run);
  std::FILE* const to = std::fopen(file.c_str(), "wb");
  bool written = to != nullptr && std::fwrite(text.data(), 1, text.size(), to) == text.size();
  int why = errno;
  if (to != nullptr && std::fclose(to) != 0) {
    why = written ? errno : why;
    written = false;
  }
  if (!written)
    throw std::runtime_error(fmt::format("the trace cannot be written to '{}': {}", file, std::strerror(why)));
}

namespace detail {

std::string write_wanted_trace(const trace& run) {
  const char* const file = std::getenv("TROUPE_TRACE");
  if (file == nullptr || *file == '\0')
    return "";
  write_trace(run, file);
  return fmt::format("TROUPE_TRACE: all of it is in {}: open it with {}\n", file,
                     is_json(file) ? "https://ui.perfetto.dev, or chrome://tracing" : "https://mermaid.live");
}

} // namespace detail

} // namespace troupe
