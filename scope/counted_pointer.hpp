// An object that counts who holds it, and the pointer that does.

#pragma once

#include <atomic>
#include <utility>

namespace troupe::detail {

/// Base of a `T` that is destroyed by whoever lets go of it last, on any thread.
template <class T>
class counted_object {
public:
  counted_object(const counted_object&) = delete;
  counted_object& operator=(const counted_object&) = delete;

  void keep() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); } // relaxed: the caller holds it
  void drop() noexcept {
    // acq_rel: the last one sees all that the others wrote before it destroys
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete static_cast<T*>(this);
  }

protected:
  /// @param holders  who hold it from the beginning
  explicit counted_object(int holders = 1) noexcept : holders_(holders) {}
  ~counted_object() = default;

private:
  std::atomic<int> holders_;
};

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
