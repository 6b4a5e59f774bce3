#include <troupe/streams/serving.hpp>

#include <utility>

namespace troupe::detail {

serving::connection::connection(serving& of, byte_stream& over) : of_(of) {
  const std::lock_guard held{of.lock_};
  at_ = of.all_.insert(of.all_.end(), &over);
  if (of.drains_)
    over.end_reading();
}

serving::connection::~connection() {
  const std::lock_guard held{of_.lock_};
  of_.all_.erase(at_);
}

void serving::ask_to_end() noexcept {
  const std::lock_guard held{lock_};
  drains_ = true;
  for (byte_stream* const each : all_)
    each->end_reading();
}

task<> serving::drain() {
  ask_to_end();
  one_more_.reset();
  const auto none = co_await none_left_.receive();
  static_cast<void>(none); // the mailbox has closed: there is nothing in it
}

bool is_about_connection(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const stream_error&) {
    return true;
  } catch (const deadline_exceeded&) {
    return true;
  } catch (...) {
    return false;
  }
}

} // namespace troupe::detail
