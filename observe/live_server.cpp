#include <troupe/observe/connection_threads.hpp>
#include <troupe/observe/embedded_file.hpp>
#include <troupe/observe/live_server.hpp>
#include <troupe/observe/metrics_text.hpp>
#include <troupe/observe/request_check.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/scope/signals_masked.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <string_view>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace troupe {

namespace {

using namespace std::chrono_literals;

constexpr duration heartbeat = 5s;     // by which a client that has gone is noticed while nothing changes
constexpr duration look_patience = 2s; // of a request for what the tree is now
constexpr std::size_t body_bytes_max = 4096;
constexpr std::size_t requests_max = 100;      // of one connection
constexpr std::size_t threads_for_others = 32; // who do not follow
constexpr int backlog = 256;
constexpr const char* come_back_seconds = "5";
// To what is so long that the library reads no request of it.
constexpr std::string_view too_long = "HTTP/1.1 414 URI Too Long\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                      "Content-Length: 36\r\nConnection: close\r\n\r\n"
                                      "troupe: the request is much too long";

constexpr const char* json_type = "application/json";
constexpr const char* text_type = "text/plain; charset=utf-8";

/// A page of nobody else may show ours, run in it or read from it, and nothing on ours comes from elsewhere.
const httplib::Headers& security_headers() {
  static const httplib::Headers all{{"Content-Security-Policy",
                                     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
                                    {"X-Content-Type-Options", "nosniff"},
                                    {"Referrer-Policy", "no-referrer"},
                                    {"Cross-Origin-Resource-Policy", "same-origin"},
                                    {"Cross-Origin-Opener-Policy", "same-origin"},
                                    {"Cache-Control", "no-store"}};
  return all;
}

/// Of a file of the page.
const char* type_of(std::string_view name) {
  constexpr std::pair<std::string_view, const char*> types[]{{".html", "text/html; charset=utf-8"},
                                                             {".css", "text/css; charset=utf-8"},
                                                             {".js", "text/javascript; charset=utf-8"},
                                                             {".svg", "image/svg+xml"}};
  for (const auto& [end, type] : types)
    if (name.ends_with(end))
      return type;
  TROUPE_ASSERT(false, "a page has .html, .css, .js and .svg files");
}

/// The regular expression of its path.
std::string pattern_of(std::string_view name) {
  std::string pattern = "/";
  for (const char each : name)
    (each == '.' ? pattern += '\\' : pattern) += each;
  return pattern;
}

request_origin origin_of(const httplib::Request& asked) {
  return {asked.get_header_value("Host"), asked.get_header_value("Origin"), asked.get_header_value("Sec-Fetch-Site"),
          asked.get_header_value("Content-Type")};
}

void refuse(httplib::Response& to, int status, const std::string& why) {
  to.status = status;
  to.set_content("troupe: " + why + '\n', text_type);
}

void refuse_for_now(httplib::Response& to, const std::string& why) {
  refuse(to, 503, why);
  to.set_header("Retry-After", come_back_seconds);
}

std::string in_a_url(const std::string& host) { return host.find(':') != host.npos ? '[' + host + ']' : host; }

} // namespace

class live_server::server final : public httplib::Server {
public:
  server(live_feed& of, const std::string& host, std::uint16_t port, bool control, std::size_t clients_max)
      : feed_(of), host_(host), control_(control) {
    new_task_queue = [clients_max] { return new detail::connection_threads(clients_max + threads_for_others); };
    set_default_headers(security_headers());
    set_payload_max_length(body_bytes_max);
    set_exception_handler([](const httplib::Request&, httplib::Response& to, std::exception_ptr) {
      refuse_for_now(to, "out of memory");
    });
    set_error_handler([](const httplib::Request&, httplib::Response& to) {
      if (to.body.empty())
        to.set_content(fmt::format("troupe: {}\n", in_words(to.status)), text_type);
    });
    answer_requests();
    bind(port);
    const detail::signals_masked masked; // those of connections inherit it
    thread_ = std::thread([this] { listen_after_bind(); });
  }

  ~server() override {
    feed_.stop();
    stopping_ = true;
    while (!is_running()) // it has only just begun
      std::this_thread::yield();
    stop();
    thread_.join();
  }

  std::string url() const { return fmt::format("http://{}:{}/", in_a_url(host_), port_); }

private:
  static const char* in_words(int status) {
    switch (status) {
    case 404:
      return "there is no such page: / is the view, /tree.json, /events and /metrics what it is made of";
    case 413:
    case 414:
      return "the request is too long";
    default:
      return "the request makes no sense, or its headers are too long";
    }
  }

  void bind(std::uint16_t port) {
    int listening = -1;
    set_socket_options([&listening](int socket) {
      const int yes = 1; // and not SO_REUSEPORT: a second server on a port is an error
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
      listening = socket;
    });
    errno = 0;
    const int bound = port == 0 ? bind_to_any_port(host_) : bind_to_port(host_, port) ? port : -1;
    if (bound <= 0)
      throw std::system_error(errno != 0 ? errno : EADDRNOTAVAIL, std::generic_category(),
                              fmt::format("cannot listen on {}:{}", in_a_url(host_), port));
    port_ = bound;
    ::listen(listening, backlog); // again: the library's own line is five long
  }

  void answer_requests() {
    const auto checked = [this](auto answer, bool may_follow_a_link = false) {
      return [this, answer, may_follow_a_link](const httplib::Request& asked, httplib::Response& to) {
        if (const auto why = why_refused(origin_of(asked), host_, may_follow_a_link))
          return refuse(to, 403, *why);
        answer(asked, to);
      };
    };
    for (const detail::embedded_file& file : detail::page_files()) {
      const auto give = [&file](const httplib::Request&, httplib::Response& to) {
        to.set_content(file.text.data(), file.text.size(), type_of(file.name));
      };
      const bool is_the_page = file.name == "index.html";
      Get(is_the_page ? "/" : pattern_of(file.name), checked(give, is_the_page));
    }
    Get("/tree\\.json", checked([this](const auto&, auto& to) { give_tree(to); }));
    Get("/metrics", checked([this](const auto&, auto& to) { give_metrics(to); }));
    Get("/events", checked([this](const auto& asked, auto& to) { give_events(asked, to); }));
    Post("/control", [this](const httplib::Request& asked, httplib::Response& to) { take_order(asked, to); });
  }

  void give_tree(httplib::Response& to) {
    if (const auto frame = feed_.look(look_patience))
      to.set_content(to_json(frame->parts), json_type);
    else
      refuse_for_now(to, "the tree could not be looked at in time");
  }

  void give_metrics(httplib::Response& to) {
    if (const auto frame = feed_.look(look_patience))
      to.set_content(metrics_text(frame->seen, feed_.events().counts(), feed_.counts()),
                     "text/plain; version=0.0.4; charset=utf-8");
    else
      refuse_for_now(to, "the tree could not be looked at in time");
  }

  void give_events(const httplib::Request& asked, httplib::Response& to) {
    std::shared_ptr<live_feed::follower> follower = feed_.follow();
    if (!follower)
      return refuse_for_now(to, "as many clients follow as may: close one, or come back later");
    follower->resume(asked.get_header_value("Last-Event-ID"));
    to.set_chunked_content_provider("text/event-stream", [follower](std::size_t offset, httplib::DataSink& sink) {
      std::optional<std::string> next = follower->next(heartbeat);
      if (!next)
        return false;
      if (offset == 0)
        next->insert(0, "retry: 1000\n\n");
      return sink.write(next->data(), next->size());
    });
  }

  void take_order(const httplib::Request& asked, httplib::Response& to) {
    if (const auto why = why_control_refused(origin_of(asked), host_))
      return refuse(to, 403, *why);
    if (!control_)
      return refuse(to, 403, "this view only looks: children can be crashed, cancelled and restarted with --control");
    const nlohmann::json order = nlohmann::json::parse(asked.body, nullptr, false);
    const auto text = [&order](const char* key) {
      const bool has = order.is_object() && order.contains(key) && order[key].is_string();
      return has ? order[key].get<std::string>() : std::string();
    };
    const auto action = control_action_of(text("action"));
    if (!action || text("path").empty())
      return refuse(to, 400, R"(an order is {"action": "crash", "cancel" or "restart", "path": "/of/a/child"})");
    if (const auto wrong = feed_.control(*action, text("path")))
      return refuse(to, 409, *wrong);
    to.set_content("{\"begun\":true}\n", json_type);
  }

  /// In place of the library's, for limits of ours.
  bool process_and_close_socket(socket_t socket) override {
    detail::http_connection connection{socket, {}, stopping_};
    for (std::size_t left = requests_max; left != 0 && connection.wait_for_request(); --left) {
      bool closed = false;
      if (!process_request(connection, left == 1, closed, nullptr) || closed)
        break;
    }
    if (connection.is_overrun())
      static_cast<void>(connection.write(too_long.data(), too_long.size()));
    connection.close();
    return true;
  }

  live_feed& feed_;
  const std::string host_;
  const bool control_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

live_server::live_server(live_feed& of, const std::string& host, std::uint16_t port, bool control,
                         std::size_t clients_max)
    : server_(std::make_unique<server>(of, host, port, control, clients_max)) {}
live_server::~live_server() = default;

std::string live_server::url() const { return server_->url(); }

} // namespace troupe
