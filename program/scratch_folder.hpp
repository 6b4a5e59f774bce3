// A folder of its own, which goes with its end.

#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace troupe::tools {

class scratch_folder {
public:
  /// @throws std::system_error
  scratch_folder() : path_(std::filesystem::temp_directory_path() / "troupe-XXXXXX") {
    std::string name = path_;
    if (mkdtemp(name.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), "cannot make a folder " + name);
    path_ = name;
  }
  ~scratch_folder() {
    std::error_code gone;
    std::filesystem::remove_all(path_, gone); // what is left is in the folder for such things
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  std::string file(const std::string& name) const { return path_ / name; }

private:
  std::filesystem::path path_;
};

} // namespace troupe::tools
