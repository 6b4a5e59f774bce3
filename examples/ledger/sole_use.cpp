#include <troupe/ledger/sole_use.hpp>

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe::ledger {

namespace {

/// "process 17", of a line such as "3: FLOCK  ADVISORY  WRITE 17 fe:00:1234 0 EOF".
std::string holder_of(int file) {
  struct stat about {};
  std::ifstream locks{"/proc/locks"};
  if (::fstat(file, &about) == 0)
    for (std::string line; std::getline(locks, line);) {
      std::istringstream words{line};
      std::string number, kind, how, what, process, where;
      words >> number >> kind >> how >> what >> process >> where;
      if (kind == "FLOCK" && where.ends_with(':' + std::to_string(about.st_ino)))
        return "process " + process;
    }
  return "another process";
}

} // namespace

sole_use::sole_use(const std::string& database)
    : file_(::open(database.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0644)) {
  if (file_ < 0 || ::flock(file_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
    return; // also where the file system has no such locks
  const std::string holder = holder_of(file_);
  ::close(file_);
  throw in_use(database + ": " + holder + " uses this ledger, and two at a time would make its balances wrong");
}

sole_use::~sole_use() {
  if (file_ >= 0)
    ::close(file_);
}

} // namespace troupe::ledger
