#include <troupe/mailbox/mailbox.hpp>
#include <troupe/streams/pipe_listener.hpp>

#include <utility>

namespace troupe {

struct pipe_listener::shared {
  shared(const pipe_options& each, std::size_t backlog)
      : pipes(each), waiting(capacity{backlog}), in(waiting.serving_inbox()), out(waiting.sender()) {}

  const pipe_options pipes;
  const mailbox<byte_stream> waiting;
  const inbox<byte_stream> in;
  const sender<byte_stream> out;
};

pipe_listener::pipe_listener(const pipe_options& pipes, std::size_t backlog)
    : shared_(std::make_shared<shared>(pipes, backlog)) {}

task<byte_stream> pipe_listener::connect() const {
  const std::shared_ptr<shared> of = shared_;
  stream_pair ends = pipe_pair(of->pipes);
  const send_status sent = co_await of->out.send(std::move(ends.second));
  if (sent != send_status::accepted)
    throw connect_error("a pipe_listener", "it is closed");
  co_return std::move(ends.first);
}

task<byte_stream> pipe_listener::accept() const {
  const std::shared_ptr<shared> of = shared_;
  auto come = co_await of->in.receive();
  if (!come)
    throw stream_closed("the listener was closed");
  co_return std::move(*come);
}

void pipe_listener::close() const { static_cast<void>(shared_->waiting.close_and_return()); } // they are reset

} // namespace troupe
