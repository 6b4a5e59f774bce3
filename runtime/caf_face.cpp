#include <troupe/runtime/caf_face.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_companion.hpp>
#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>

namespace troupe::detail {

namespace {

caf::actor_companion& companion_in(const caf::strong_actor_ptr& face) noexcept {
  return static_cast<caf::actor_companion&>(*face->get());
}

} // namespace

/// Cleans the companion up when the actor has ended, if that is still there.
class caf_face_base::watcher final : public life_watcher {
public:
  explicit watcher(caf::actor_addr face) noexcept : face_(std::move(face)) {}

  const caf::actor_addr& face() const noexcept { return face_; }
  bool is_over() const noexcept { return over_.load(); }
  /// Once. Later messages still come, and are answered by us.
  void clean_up(caf::error reason) noexcept {
    over_.store(true);
    if (const auto held = caf::actor_cast<caf::strong_actor_ptr>(face_); held != nullptr)
      companion_in(held).cleanup(std::move(reason), nullptr);
  }

private:
  void life_is_over(const outcome<>& how) noexcept override { clean_up(exit_reason_of(how)); }

  const caf::actor_addr face_;
  std::atomic<bool> over_{false};
};

caf_face_base::caf_face_base(actor_life_pointer life) noexcept : life_(std::move(life)) {}

caf_face_base::~caf_face_base() {
  if (watcher_)
    life_->unwatch(*watcher_);
}

caf::actor caf_face_base::show(caf::actor_system& system, const std::shared_ptr<caf_face_base>& face) {
  // Hidden: the actor system does not wait for it. Its actor ends before the runtime does, and cleans it up.
  caf::actor companion = system.spawn<caf::actor_companion, caf::hidden>();
  face->watcher_ = counted_pointer<watcher>::owning(new watcher{companion->address()});
  companion_in(caf::actor_cast<caf::strong_actor_ptr>(companion)).on_enqueue([face](caf::mailbox_element_ptr element) {
    face->receive(*element);
  });
  if (!face->life_->watch(*face->watcher_))
    face->watcher_->clean_up(caf::exit_reason::unknown);
  return companion;
}

void caf_face_base::receive(caf::mailbox_element& element) {
  caf::type_erased_tuple& content = element.content();
  if (content.match_elements<caf::exit_msg>()) {
    const auto& exit = content.get_as<caf::exit_msg>(0);
    if (const auto held = caf::actor_cast<caf::strong_actor_ptr>(watcher_->face()); held != nullptr)
      companion_in(held).unlink_from(exit.source); // or dead links would pile up
    if (exit.reason && !watcher_->is_over())       // else it is for an actor that may have been started again since
      stop_now();
    return;
  }
  caf_request request{element, watcher_->face()};
  if (watcher_->is_over())
    return request.bounce(make_error(ask_failure::receiver_down));
  if (translate(content, request))
    return;
  // Nobody answers these, or two that do not understand each other would go on for ever.
  if (!content.match_elements<caf::error>() && !content.match_elements<caf::down_msg>())
    request.refuse(caf::sec::unexpected_message);
}

} // namespace troupe::detail
