// What layers above keep for an executor, as long as it lives.

#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace troupe {

class executor;

namespace detail {

/// Objects of any types, at most one of each, made as they are asked for and destroyed last first.
/// (The idea is that of the services of Asio's `execution_context`.)
class services {
public:
  services() = default;
  services(const services&) = delete;
  services& operator=(const services&) = delete;
  ~services() { end(); }

  /// The one `T`, made as `T(of)` at the first call. Its constructor may ask for others, which then outlive it.
  ///
  /// @throws what the constructor throws; then nothing is kept
  /// @thread any
  template <class T>
  T& get(executor& of) {
    const std::lock_guard held{lock_};
    if (void* const there = find(&key<T>); there != nullptr)
      return *static_cast<T*>(there);
    owned made{std::make_unique<T>(of).release(), [](void* gone) { delete static_cast<T*>(gone); }};
    return *static_cast<T*>(add(&key<T>, std::move(made)));
  }
  /// Destroys all. Nobody asks for one after that.
  ///
  /// @thread any, one at a time
  void end() noexcept;

private:
  using owned = std::unique_ptr<void, void (*)(void*)>;
  struct service {
    const char* of;
    owned object;
  };
  template <class T>
  static constexpr char key{}; // its address stands for the type

  void* find(const char* of) const noexcept;
  void* add(const char* of, owned object);

  std::recursive_mutex lock_; // guards the rest; recursive: for constructors that ask for others
  std::vector<service> all_;
  bool has_ended_ = false;
};

} // namespace detail

} // namespace troupe
