// What holds for streams of bytes.

#pragma once

#include <troupe/scope/event.hpp>
#include <troupe/testing/violation.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// What each end of a pipe was given and gives, byte by byte.
class stream_rules {
public:
  explicit stream_rules(verdict& to) noexcept : to_(to) {}

  void begin_run() noexcept { ends_.clear(); }
  void on(const event& happened);
  void on(const bytes_event& happened);

private:
  struct end {
    /// What the other one was given, and this one has not read.
    std::string_view to_read() const noexcept { return std::string_view{given}.substr(read); }
    void has_read(std::size_t bytes);

    std::uint64_t number;
    std::uint64_t other;
    std::string given{};
    std::size_t read = 0;   // of that
    bool is_shut = false;   // for what is written
    bool is_cut = false;    // for what is read
    bool has_ended = false; // so its reader was told
    bool was_reset = false; // so somebody was told
    bool is_closed = false;
  };

  end* end_of(std::uint64_t number) noexcept;
  void wrong(const end& of, const std::string& what);

  verdict& to_;
  std::vector<end> ends_;
};

} // namespace troupe::detail
