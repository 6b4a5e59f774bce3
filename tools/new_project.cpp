#include <troupe/program/human_text.hpp>
#include <troupe/tools/embedded_files.hpp>
#include <troupe/tools/new_project.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace troupe::tools {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t name_bytes_max = 64;

// Targets that CMake makes by itself, and what else would be in a project's folder under that name.
constexpr std::array<std::string_view, 10> taken_names{"all",     "build", "clean",   "edit_cache",     "help",
                                                       "install", "test",  "package", "package_source", "preinstall"};

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

/// "0.1" of "0.1.0": what find_package is asked for.
std::string_view version_wanted() {
  const std::string_view whole = TROUPE_VERSION;
  return whole.substr(0, whole.rfind('.'));
}

void write_file(const fs::path& at, const project_file& file) {
  std::ofstream to{at, std::ios::binary};
  to << file.text;
  to.close();
  if (!to)
    throw std::runtime_error(fmt::format("cannot write {}: is the disk full?", at.string()));
  if (file.is_program)
    fs::permissions(at, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
}

} // namespace

std::optional<std::string> wrong_with_project_name(const std::string& name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  if (name.empty() || !std::ranges::all_of(name, fits) || name.front() < 'a' || name.front() > 'z')
    return fmt::format("`{}` cannot be a project's name: it is made of a-z, 0-9 and _, and begins with a letter",
                       printable(name));
  if (name.size() > name_bytes_max)
    return fmt::format("the name of a project has at most {} letters, this one has {}", name_bytes_max, name.size());
  if (std::ranges::find(taken_names, name) != taken_names.end())
    return fmt::format("`{}` cannot be a project's name: CMake uses it for something else", name);
  return std::nullopt;
}

std::vector<project_file> files_of_project(const std::string& name, const std::string& prefix) {
  std::vector<project_file> files;
  const std::string quoted = replaced(prefix, "'", "'\\''"); // it stands in quotes of a shell
  for (const embedded_file& each : project_template()) {
    std::string text = replaced(std::string{each.text}, "@NAME@", name);
    text = replaced(std::move(text), "@PREFIX@", quoted);
    text = replaced(std::move(text), "@VERSION@", version_wanted());
    const bool launches = each.name == "launcher";
    const std::string path = launches ? name : each.name == "gitignore" ? ".gitignore" : std::string{each.name};
    files.push_back({path, std::move(text), launches});
  }
  return files;
}

std::string prefix_of_program(const fs::path& program) {
  const fs::path folder = program.parent_path();
  if (folder.filename() != "bin")
    return {};
  const std::string prefix = folder.parent_path().string();
  std::error_code none;
  const bool is_there = fs::exists(prefix + "/include/troupe/troupe.hpp", none);
  return is_there && prefix != "/usr" && prefix != "/usr/local" ? prefix : std::string{};
}

std::string write_project(const new_project& asked) {
  const fs::path into{asked.into};
  if (!fs::is_directory(into))
    throw std::runtime_error(
        fmt::format("there is no folder {}, and the project is not made\n  try:  mkdir -p {}", asked.into, asked.into));
  const fs::path folder = (into / asked.name).lexically_normal();
  if (fs::exists(fs::symlink_status(folder)))
    throw std::runtime_error(fmt::format("there is something at {} already, and it stays as it is\n"
                                         "  try:  another name, or another folder with --into",
                                         folder.string()));

  std::error_code unknown;
  const std::string prefix = prefix_of_program(fs::read_symlink("/proc/self/exe", unknown));
  const fs::path unfinished = into / ("." + asked.name + ".unfinished");
  std::string names;
  try {
    fs::remove_all(unfinished);
    fs::create_directory(unfinished);
    for (const project_file& each : files_of_project(asked.name, prefix)) {
      write_file(unfinished / each.path, each);
      names += (names.empty() ? "" : ", ") + each.path;
    }
    fs::rename(unfinished, folder);
  } catch (const std::exception&) {
    fs::remove_all(unfinished, unknown);
    throw;
  }
  return fmt::format("{} has {}.\n\nNext:\n  cd {}\n  ./{} run     # until Ctrl-C\n  ./{} test\n", folder.string(),
                     names, folder.string(), asked.name, asked.name);
}

} // namespace troupe::tools
