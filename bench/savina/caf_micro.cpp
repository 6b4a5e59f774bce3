// SV-01 to SV-04 on CAF's actors: one thing each that actors do.

#include "caf_micro.hpp"
#include "caf_programs.hpp"

#include <tests/savina/micro_problems.hpp>

#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

// ---- SV-01: a ping is answered to whom it came from -----------------------------------------------------------------

namespace {

class ponger : public caf::event_based_actor {
public:
  ponger(caf::actor_config& config, pingpong_books& books) : event_based_actor(config), books_(books) {}

  caf::behavior make_behavior() override {
    return {[this](caf::ping_atom, number asked) -> caf::result<caf::pong_atom, number> {
      books_.in_order = asked == books_.pings++ && books_.in_order;
      return {caf::pong_atom::value, asked};
    }};
  }

private:
  pingpong_books& books_;
};

class pinger : public caf::event_based_actor {
public:
  pinger(caf::actor_config& config, caf::actor to, number pings, pingpong_books& books)
      : event_based_actor(config), to_(std::move(to)), pings_(pings), books_(books) {}

  caf::behavior make_behavior() override {
    send(to_, caf::ping_atom::value, books_.pongs);
    return {[this](caf::pong_atom, number answered) {
      books_.in_order = answered == books_.pongs++ && books_.in_order;
      if (books_.pongs == pings_)
        return quit();
      send(to_, caf::ping_atom::value, books_.pongs);
    }};
  }

private:
  caf::actor to_;
  number pings_;
  pingpong_books& books_;
};

} // namespace

std::string pingpong(caf::actor_system& in, std::uint64_t) {
  const pingpong_size size;
  pingpong_books books;
  in.spawn<pinger>(in.spawn<ponger>(books), size.pings, books);
  in.await_all_actors_done();
  return judged(books, size).text();
}

// ---- SV-02 ----------------------------------------------------------------------------------------------------------

namespace {

using increment_atom = caf::atom_constant<caf::atom("increment")>;
using retrieve_atom = caf::atom_constant<caf::atom("retrieve")>;

class counter : public caf::event_based_actor {
public:
  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[this](increment_atom) { ++counted_; }, [this](retrieve_atom) { return counted_; }};
  }

private:
  number counted_ = 0;
};

/// Has no behavior, and so ends with the answer to its request.
class flood : public caf::event_based_actor {
public:
  flood(caf::actor_config& config, caf::actor to, number messages, number& counted)
      : event_based_actor(config), to_(std::move(to)), messages_(messages), counted_(counted) {}

  caf::behavior make_behavior() override {
    for (number i = 0; i < messages_; ++i)
      send(to_, increment_atom::value);
    request(to_, caf::infinite, retrieve_atom::value).then([this](number counted) { counted_ = counted; });
    return {};
  }

private:
  caf::actor to_;
  number messages_;
  number& counted_;
};

} // namespace

std::string count(caf::actor_system& in, std::uint64_t) {
  const count_size size;
  number counted = 0;
  in.spawn<flood>(in.spawn<counter>(), size.messages, counted);
  in.await_all_actors_done();
  findings wrong;
  wrong.equal("counted", counted, size.messages);
  return wrong.text();
}

// ---- SV-03: the actors end when nobody refers to them any more ------------------------------------------------------

namespace {

class flooded : public caf::event_based_actor {
public:
  flooded(caf::actor_config& config, throughput_books& books) : event_based_actor(config), books_(books) {}

  caf::behavior make_behavior() override {
    return {[this](number told) { books_.in_order = told == books_.handled++ && books_.in_order; }};
  }

private:
  throughput_books& books_;
};

class flood_in_turns : public caf::event_based_actor {
public:
  flood_in_turns(caf::actor_config& config, number messages, std::vector<throughput_books>& books)
      : event_based_actor(config), messages_(messages), books_(books) {}

  caf::behavior make_behavior() override {
    std::vector<caf::actor> all;
    for (throughput_books& each : books_)
      all.push_back(spawn<flooded>(each));
    for (number i = 0; i < messages_; ++i)
      for (const caf::actor& each : all)
        send(each, i);
    return {};
  }

private:
  number messages_;
  std::vector<throughput_books>& books_;
};

} // namespace

std::string fjthrput(caf::actor_system& in, std::uint64_t) {
  const fork_join_throughput_size size;
  std::vector<throughput_books> books(size.actors);
  in.spawn<flood_in_turns>(size.messages, books);
  in.await_all_actors_done();
  return judged(books, size).text();
}

// ---- SV-04 ----------------------------------------------------------------------------------------------------------

namespace {

class short_lived : public attending_actor {
public:
  short_lived(caf::actor_config& config, create_books& books) : attending_actor(config, books.actors), books_(books) {}

  caf::behavior make_behavior() override {
    return {[this](increment_atom) {
      ++books_.told;
      quit();
    }};
  }

private:
  create_books& books_;
};

class creator : public caf::event_based_actor {
public:
  creator(caf::actor_config& config, number actors, create_books& books)
      : event_based_actor(config), actors_(actors), books_(books) {}

  caf::behavior make_behavior() override {
    for (number i = 0; i < actors_; ++i)
      send(spawn<short_lived>(books_), increment_atom::value);
    return {};
  }

private:
  number actors_;
  create_books& books_;
};

} // namespace

std::string fjcreate(caf::actor_system& in, std::uint64_t) {
  const fork_join_create_size size;
  create_books books;
  in.spawn<creator>(size.actors, books);
  in.await_all_actors_done();
  return judged(books, size).text();
}

} // namespace troupe::savina::on_caf
