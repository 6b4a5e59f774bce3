#include <troupe/ledger/answers.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace troupe::ledger {

namespace {

constexpr std::array<std::string_view, 5> names{"commit_began", "committed", "refused", "not_started", "in_doubt"};

} // namespace

std::string_view to_string(answer what) noexcept { return names[static_cast<std::size_t>(what)]; }

answer_file::answer_file(std::string name)
    : name_(std::move(name)), descriptor_(::open(name_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0)
    throw std::system_error(errno, std::generic_category(), name_);
}

answer_file::~answer_file() { ::close(descriptor_); }

void answer_file::note(std::int64_t id, answer what) {
  const std::string line = std::to_string(id) + ' ' + std::string(to_string(what)) + '\n';
  if (::write(descriptor_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    throw std::system_error(errno, std::generic_category(), name_);
}

std::map<std::int64_t, told> read_answers(const std::string& name) {
  std::map<std::int64_t, told> known;
  std::ifstream in{name};
  std::stringstream all;
  all << in.rdbuf();
  const std::string text = all.str();
  for (std::size_t begin = 0, number = 1;; ++number) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos)
      return known; // a line that was cut
    const std::string_view line{text.data() + begin, end - begin};
    begin = end + 1;
    std::int64_t id = 0;
    const auto [rest, error] = std::from_chars(line.data(), line.data() + line.size(), id);
    const std::string_view word{rest, static_cast<std::size_t>(line.data() + line.size() - rest)};
    std::size_t what = 0;
    while (what < names.size() && (word.empty() || word.substr(1) != names[what]))
      ++what;
    if (error != std::errc{} || what == names.size())
      throw std::runtime_error(name + ":" + std::to_string(number) + ": no answer of a ledger: " + std::string(line));
    told& entry = known[id];
    if (static_cast<answer>(what) == answer::commit_began)
      entry.commit_began = true;
    else
      entry.what = static_cast<answer>(what);
  }
}

} // namespace troupe::ledger
