// Any text is read as a topology or gives findings, and what was read can be checked and drawn: libFuzzer chooses it.

#include <troupe/topology/check.hpp>
#include <troupe/topology/parse.hpp>
#include <troupe/topology/picture.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace troupe::topology;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const kinds known = standard_kinds();
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const parsed made = parse(text, known);
  if (!made.what == !has_errors(made.findings)) // one of both
    std::abort();
  static_cast<void>(render(made.findings, text, "fuzzed.toml"));
  if (!made.what)
    return 0;
  static_cast<void>(render(check(*made.what, known).findings, text, "fuzzed.toml"));
  static_cast<void>(to_dot(*made.what));
  static_cast<void>(to_mermaid(*made.what));
  return 0;
}
