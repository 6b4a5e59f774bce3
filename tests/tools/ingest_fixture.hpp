// An input in memory, and a listener that keeps what it is told.

#pragma once

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/tools/ingest.hpp>
#include <troupe/tools/ingest_report.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

/// Gives a text in pieces of `piece_bytes`; waits between two of them; fails at the end where it is told so.
class text_source final : public tools::byte_source {
public:
  text_source(std::string text, std::size_t piece_bytes, std::optional<int> error_at_end = {})
      : text_(std::move(text)), piece_bytes_(piece_bytes), error_at_end_(error_at_end) {}

  task<std::size_t> read(std::span<char> into) override {
    co_await sleep_for(std::chrono::microseconds{10});
    const std::size_t bytes = std::min({into.size(), piece_bytes_, text_.size() - at_});
    if (bytes == 0 && error_at_end_)
      throw std::system_error(*error_at_end_, std::generic_category(), "cannot read the text");
    std::memcpy(into.data(), text_.data() + at_, bytes);
    at_ += bytes;
    co_return bytes;
  }

private:
  std::string text_;
  std::size_t piece_bytes_;
  std::optional<int> error_at_end_;
  std::size_t at_ = 0;
};

class kept_news final : public tools::ingest_listener {
public:
  void on_rejected(const tools::rejection& rejected) override { rejected_lines.push_back(rejected.line); }
  bool on_progress(const tools::ingest_progress& now) override {
    depth_max = std::max({depth_max, now.records.depth, now.results.depth});
    ++looks;
    return looks != stop_at_look;
  }

  std::vector<std::uint64_t> rejected_lines;
  std::size_t depth_max = 0;
  int looks = 0;
  int stop_at_look = -1;
};

/// `good` packages in three sections with sizes 1, 2, 3, …, and after each tenth one a malformed record.
struct sample {
  explicit sample(std::size_t good) {
    std::uint64_t line = 1;
    for (std::size_t i = 1; i <= good; ++i) {
      const std::string section = "section" + std::to_string(i % 3);
      text += "Package: p" + std::to_string(i) + "\nSection: " + section + "\nInstalled-Size: " + std::to_string(i) +
              "\n\n";
      kib[section] += i;
      line += 4;
      if (i % 10 == 0) {
        text += "Package: bad\nno colon\n\n";
        rejected_lines.push_back(line + 1);
        line += 3;
      }
    }
    packages = good;
  }

  bool agrees_with(const tools::ingest_run& run, std::vector<std::uint64_t> rejected) const {
    std::sort(rejected.begin(), rejected.end()); // parsers overtake each other
    std::map<std::string, std::uint64_t> found;
    for (const auto& row : run.sections.by_size())
      found[row.section] = row.installed_kib;
    return rejected == rejected_lines && found == kib && run.parsed == packages &&
           run.sections.total().packages == packages && run.bytes_read == text.size();
  }

  std::string text;
  std::size_t packages = 0;
  std::map<std::string, std::uint64_t> kib;
  std::vector<std::uint64_t> rejected_lines;
};

} // namespace troupe::tests
