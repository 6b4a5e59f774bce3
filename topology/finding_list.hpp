// The findings of one file while they are gathered: as many as are of use.

#pragma once

#include <troupe/topology/finding.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace troupe::topology {

/// Findings in the order in which they were made, `findings_max` of them at most.
class finding_list {
public:
  /// True when more are dropped: then nobody need work one out.
  bool full() const noexcept { return all_.size() >= findings_max; }

  void error(position at, const char* rule, std::string what, std::string remedy = {}) {
    add({severity::error, at, rule, std::move(what), std::move(remedy)});
  }
  void warning(position at, const char* rule, std::string what, std::string remedy = {}) {
    add({severity::warning, at, rule, std::move(what), std::move(remedy)});
  }
  void add(finding one) {
    if (!full())
      all_.push_back(std::move(one));
  }
  bool has_errors() const noexcept { return topology::has_errors(all_); }

  /// In the order of the file.
  std::vector<finding> take() {
    for (std::size_t i = 1; i < all_.size(); ++i) // few, and about in order: std::stable_sort wants a deprecated buffer
      for (std::size_t j = i; j > 0 && all_[j].at < all_[j - 1].at; --j)
        std::swap(all_[j], all_[j - 1]);
    return std::move(all_);
  }

private:
  std::vector<finding> all_;
};

} // namespace troupe::topology
