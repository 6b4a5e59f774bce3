#include <troupe/mailbox/mailbox_core.hpp>
#include <troupe/scope/observed_scope.hpp>
#include <troupe/supervision/supervised_child.hpp>
#include <troupe/supervision/supervisor_core.hpp>

namespace troupe {

namespace detail {

incarnation_scope::incarnation_scope(fiber& owner, supervised_child& of) noexcept
    : cancel_scope(owner, shielding::none, role::incarnation), of_(of) {
  owner.runs_code(fiber::code::of_users);
  of_.supervisor().run_begins(of_, *this);
}

incarnation_scope::~incarnation_scope() {
  of_.supervisor().run_ends(of_);
  fiber_.runs_code(fiber::code::of_users_in_runs);
}

supervised_child* incarnation_scope::of(const fiber& self) noexcept {
  for (const cancel_scope* scope = &self.innermost_scope(); scope != nullptr; scope = scope->outer_in_fiber())
    if (scope->role_ == role::incarnation)
      return &static_cast<const incarnation_scope*>(scope)->of_;
  return nullptr;
}

const incarnation_scope* incarnation_scope::around(const fiber& self) noexcept {
  // Not beyond the run: there a fiber that is being abandoned loses its owner. Up to it, what is around a scope stays.
  for (const cancel_scope* scope = &self.innermost_scope(); scope != nullptr; scope = scope->outer_)
    if (scope->role_ == role::incarnation)
      return static_cast<const incarnation_scope*>(scope);
  return nullptr;
}

std::string incarnation_scope::path_of(const fiber& self) {
  const incarnation_scope* const run = around(self);
  return run != nullptr ? run->of_.path() + self.path_below(&run->fiber_) : self.path_below(nullptr);
}

void child_timer::on_time(timer& fired, wakeups& woken) noexcept {
  supervised_child& of = static_cast<child_timer&>(fired).of_;
  of.supervisor().tell_time(of, woken);
}

supervised_child::supervised_child(supervisor_core& of, const child_spec& spec)
    : supervisor_(supervisor_pointer::to(&of)), spec_(spec), name_(spec.name) {
  spec_.name = name_.empty() ? std::string_view() : name_;
}

supervised_child::~supervised_child() = default;

startup supervised_child::startup_of_this_run() noexcept { return startup{*this}; }

void supervised_child::tell(node_facts& facts) const noexcept {
  const child_status now = state_;
  facts.state = now == child_status::down && ended_well_ ? "ended" : to_string(now);
  facts.incarnation = incarnation_;
  if (const mailbox_core* const mailbox = reads(); mailbox != nullptr)
    mailbox->tell(facts);
}

std::string supervised_child::path() const { return supervisor_->path() + "/" + name_; }

} // namespace detail

startup::startup(detail::supervised_child& of) noexcept
    : of_(detail::supervised_child_pointer::to(&of)), incarnation_(of.incarnation_) {} // written before its run begins

void startup::started() const noexcept { of_->supervisor().tell_started(*of_, incarnation_); }

} // namespace troupe
