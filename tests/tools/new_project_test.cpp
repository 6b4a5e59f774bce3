#include <troupe/tools/new_project.hpp>

#include <troupe/tools/command_line.hpp>
#include <troupe/program/scratch_folder.hpp>

#include <tests/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

using namespace troupe::tools;

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream from{path};
  return {std::istreambuf_iterator<char>{from}, {}};
}

std::string refused(const new_project& asked) {
  try {
    write_project(asked);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

} // namespace

TEST_CASE("a new project has its name where the template has none, and a launcher that can be run", "[tools]") {
  const scratch_folder here;
  const std::string told = write_project({"till", here.file("")});
  CHECK(told.find("./till run") != std::string::npos);
  const fs::path folder = here.file("till");
  for (const auto& each : fs::recursive_directory_iterator(folder)) {
    const std::string text = text_of(each.path());
    INFO(each.path());
    CHECK_FALSE(text.empty());
    CHECK(text.find("@NAME@") == std::string::npos);
    CHECK(text.find("@PREFIX@") == std::string::npos);
    CHECK(text.find("@VERSION@") == std::string::npos);
  }
  CHECK(text_of(folder / "CMakeLists.txt").find("add_executable(till_test service_test.cpp)") != std::string::npos);
  CHECK(fs::exists(folder / ".gitignore"));
  CHECK((fs::status(folder / "till").permissions() & fs::perms::owner_exec) != fs::perms::none);
  CHECK(std::distance(fs::directory_iterator{here.file("")}, {}) == 1); // nothing unfinished beside it
}

TEST_CASE("a new project touches nothing that is there, and makes no folder but its own", "[tools]") {
  const scratch_folder here;
  std::ofstream{here.file("till")} << "mine";
  CHECK(refused({"till", here.file("")}).find("it stays as it is") != std::string::npos);
  CHECK(text_of(here.file("till")) == "mine");
  CHECK(refused({"till", here.file("none")}).find("there is no folder") != std::string::npos);
  CHECK_FALSE(fs::exists(here.file("none")));
}

TEST_CASE("a project's name is one that CMake, a shell and a folder can have", "[tools]") {
  for (const char* const right : {"till", "a", "x9", "my_service"})
    CHECK_FALSE(wrong_with_project_name(right));
  for (const char* const wrong :
       {"", "9lives", "_x", "Till", "a-b", "a b", "../x", "a/b", "test", "all", "build", "\n"})
    CHECK(wrong_with_project_name(wrong));
  CHECK(wrong_with_project_name(std::string(65, 'a')));
}

TEST_CASE("a project looks for troupe where the program is installed", "[tools]") {
  const scratch_folder here;
  CHECK(prefix_of_program(here.file("bin/troupe")).empty()); // no library beside it
  fs::create_directories(here.file("include/troupe"));
  std::ofstream{here.file("include/troupe/troupe.hpp")} << "//";
  CHECK(prefix_of_program(here.file("bin/troupe")) == fs::path{here.file("bin")}.parent_path());
  CHECK(prefix_of_program(here.file("tools/troupe")).empty());
  const auto files = files_of_project("till", "/it's here");
  const auto launcher = std::ranges::find(files, "till", &project_file::path);
  REQUIRE(launcher != files.end());
  CHECK(launcher->text.find("prefix='/it'\\''s here'") != std::string::npos);
}

TEST_CASE("new takes a name and a folder, and says what is wrong with a name", "[tools]") {
  const command read = read_command_line({"new", "till", "--into", "/tmp"});
  REQUIRE(std::holds_alternative<new_project>(read));
  CHECK(std::get<new_project>(read).name == "till");
  CHECK(std::get<new_project>(read).into == "/tmp");
  const command wrong = read_command_line({"new", "Till"});
  REQUIRE(std::holds_alternative<usage_error>(wrong));
  CHECK(std::get<usage_error>(wrong).text.find("begins with a letter") != std::string::npos);
  CHECK(std::holds_alternative<usage_error>(read_command_line({"new"})));
}
