// Files that the program brings along: cmake/embed.cmake writes what is declared here.

#pragma once

#include <troupe/observe/embedded_file.hpp>

#include <span>

namespace troupe::tools {

using detail::embedded_file;

/// The files of tools/template.
std::span<const embedded_file> project_template() noexcept;
/// Those of topologies/.
std::span<const embedded_file> built_in_topologies() noexcept;

} // namespace troupe::tools
