// A pointer to an object that counts who holds it.

#pragma once

#include <utility>

namespace troupe::detail {

/// Holds one count of an object with `keep()` and `drop()`. Null only where it was moved from, or made so.
template <class T>
class counted_pointer {
public:
  counted_pointer() = default;
  /// Takes over one count.
  static counted_pointer owning(T* object) noexcept {
    counted_pointer made;
    made.object_ = object;
    return made;
  }
  /// Adds one.
  static counted_pointer to(T* object) noexcept {
    if (object != nullptr)
      object->keep();
    return owning(object);
  }
  counted_pointer(const counted_pointer& other) noexcept : counted_pointer(to(other.object_)) {}
  counted_pointer(counted_pointer&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  counted_pointer& operator=(counted_pointer other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~counted_pointer() {
    if (object_ != nullptr)
      object_->drop();
  }

  explicit operator bool() const noexcept { return object_ != nullptr; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }

private:
  T* object_ = nullptr;
};

} // namespace troupe::detail
