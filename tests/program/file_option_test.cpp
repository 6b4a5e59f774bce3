#include <troupe/program/file_option.hpp>

#include <tests/catch.hpp>

#include <string>
#include <vector>

using namespace troupe::tools;

TEST_CASE("an option that names a file takes any name, and does not take an empty one for none", "[program]") {
  std::string name = "as before";
  const auto read = [&](std::vector<std::string> arguments) {
    CLI::App app;
    add_file(app, "--from", name, "where it is");
    app.parse(std::move(arguments));
  };
  read({});
  CHECK(name == "as before");
  read({"a file", "--from"}); // CLI11 takes the last one first
  CHECK(name == "a file");
  CHECK_THROWS_AS(read({"", "--from"}), CLI::ValidationError);
}
