// Which connections a server has, and how they are asked to end.

#pragma once

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/streams/byte_stream.hpp>

#include <cstddef>
#include <exception>
#include <list>
#include <mutex>
#include <optional>

namespace troupe::detail {

/// The connections of one `serve`. They run on several threads, and are asked to end from one more.
class serving {
public:
  serving() : none_left_(alive_.receiver()), one_more_(alive_.sender()) {}
  serving(const serving&) = delete;
  serving& operator=(const serving&) = delete;

  /// A connection that lives as long as this.
  class connection {
  public:
    connection(serving& of, byte_stream& over);
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

  private:
    serving& of_;
    std::list<byte_stream*>::iterator at_;
  };

  /// Whoever holds a copy has not ended.
  sender<int> alive() const { return *one_more_; }
  /// Each of them reads nothing more; and waits until all have ended.
  ///
  /// @pre nobody comes after that
  task<> drain();

private:
  void ask_to_end() noexcept;

  const mailbox<int> alive_{capacity{1}}; // nobody sends: it closes when the last connection goes
  receiver<int> none_left_;
  std::optional<sender<int>> one_more_;
  std::mutex lock_; // guards the rest
  std::list<byte_stream*> all_;
  bool drains_ = false;
};

/// Closes a listener when whoever serves it ends, however it ends.
template <class Acceptor>
class closes_at_the_end {
public:
  explicit closes_at_the_end(Acceptor& what) noexcept : what_(what) {}
  ~closes_at_the_end() { what_.close(); }
  closes_at_the_end(const closes_at_the_end&) = delete;
  closes_at_the_end& operator=(const closes_at_the_end&) = delete;

private:
  Acceptor& what_;
};

/// What an error says of its own connection alone, and not of the program.
bool is_about_connection(const std::exception_ptr& error) noexcept;

} // namespace troupe::detail
