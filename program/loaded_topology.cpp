#include <troupe/program/conclusion.hpp>
#include <troupe/program/human_text.hpp>
#include <troupe/program/loaded_topology.hpp>
#include <troupe/program/usage.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace troupe::tools {

namespace {

/// Only as much as may be read anyway, and one byte more, so that what is too large is told as that.
std::string read_file(const topology_context& in, const std::string& path) {
  std::ifstream from{path, std::ios::binary};
  std::string text(topology::limits::bytes_max + 1, '\0');
  if (from)
    from.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!from.eof() && !from)
    throw std::runtime_error(
        fmt::format("cannot read {}: {}\n  try:  a file as in `{} help check`{}", printable(path, 200),
                    std::generic_category().message(errno), in.program,
                    in.built_in.empty() ? "" : fmt::format(", or a name of `{} list`", in.program)));
  text.resize(static_cast<std::size_t>(from.gcount()));
  return text;
}

} // namespace

topology_text read_topology(const topology_context& in, const std::string& which) {
  for (const embedded_file& each : in.built_in)
    if (each.name == which + ".toml")
      return {std::string{each.name}, std::string{each.text}};
  if (names_topology(in, which) || in.built_in.empty())
    return {which, read_file(in, which)};
  const std::vector<std::string> known = names_of_topologies(in);
  const std::string similar = closest(which, known);
  throw std::runtime_error(fmt::format(
      "there is no topology called `{}`\n  try:  {}", printable(which),
      similar.empty() ? fmt::format("one of: {}; or a file, as ./{}.toml", fmt::join(known, ", "), printable(which))
                      : similar));
}

examined_topology examine(topology_text source, const topology::kinds& known) {
  examined_topology all;
  topology::parsed read = topology::parse(source.text, known);
  all.findings = std::move(read.findings);
  if (read.what && !topology::has_errors(all.findings)) {
    topology::checked looked = topology::check(*read.what, known);
    all.findings.insert(all.findings.end(), looked.findings.begin(), looked.findings.end());
    all.known = looked.known;
  }
  all.what = std::move(read.what);
  all.source = std::move(source);
  return all;
}

loaded_topology load_topology(const topology_context& in, const std::string& which) {
  topology_text source;
  try {
    source = read_topology(in, which);
  } catch (const std::runtime_error& error) {
    say(fmt::format("troupe: error: {}\n", error.what()));
    return {std::nullopt, which, exit_code::usage};
  }
  examined_topology all = examine(std::move(source), in.known);
  say(topology::render(all.findings, all.source.text, all.source.name));
  if (!all.is_sound())
    return {std::nullopt, all.source.name, exit_code::usage};
  return {std::move(all.what), all.source.name, exit_code::ok};
}

} // namespace troupe::tools
