#include <troupe/scope/attached_errors.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

namespace troupe {

namespace {

struct attachment {
  std::exception_ptr primary;
  std::vector<std::exception_ptr> errors;
};

/// An exception tells nobody when it goes, so what is attached goes when enough others have come.
class attachments {
public:
  void add(const std::exception_ptr& primary, const std::vector<std::exception_ptr>& errors) {
    attachment oldest; // goes when the lock is free: its exceptions may do anything then
    const std::lock_guard held{mutex_};
    if (const auto known = find(primary); known != kept_.end()) {
      known->errors.insert(known->errors.end(), errors.begin(), errors.end());
      return;
    }
    kept_.push_back({primary, errors});
    if (kept_.size() > attached_errors_max) {
      oldest = std::move(kept_.front());
      kept_.pop_front();
    }
    any_.store(true, std::memory_order_release); // pairs with of(), for who was handed the error without a lock
  }
  std::vector<std::exception_ptr> of(const std::exception_ptr& primary) {
    if (!any_.load(std::memory_order_acquire)) // acquire: pairs with add()
      return {};
    const std::lock_guard held{mutex_};
    const auto known = find(primary);
    return known != kept_.end() ? known->errors : std::vector<std::exception_ptr>{};
  }

private:
  std::deque<attachment>::iterator find(const std::exception_ptr& primary) {
    return std::find_if(kept_.begin(), kept_.end(), [&](const attachment& each) { return each.primary == primary; });
  }

  std::atomic<bool> any_{false}; // false: nothing was ever attached, as in most programs
  std::mutex mutex_;
  std::deque<attachment> kept_;
};

attachments& all() {
  static attachments kept;
  return kept;
}

} // namespace

std::vector<std::exception_ptr> attached_errors(const std::exception_ptr& primary) { return all().of(primary); }

void detail::attach_errors(const std::exception_ptr& primary, const std::vector<std::exception_ptr>& errors) {
  if (!errors.empty())
    all().add(primary, errors);
}

} // namespace troupe
