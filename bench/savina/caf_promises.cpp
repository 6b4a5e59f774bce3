// SV-06 and SV-10 on CAF's actors: a server that keeps the promises of those who must wait.

#include "caf_micro.hpp"
#include "caf_programs.hpp"

#include <tests/savina/contention_problems.hpp>
#include <tests/savina/micro_problems.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina {

/// For CAF, which finds it here.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, partner& who) {
  return f(caf::meta::type_name("partner"), who.index, who.has);
}

} // namespace troupe::savina

namespace troupe::savina::on_caf {

// ---- SV-06: the mall promises who comes first an answer, and keeps that until somebody else comes -------------------

namespace {

class mall : public caf::event_based_actor {
public:
  mall(caf::actor_config& config, number meetings, number& held)
      : event_based_actor(config), meetings_(meetings), held_(held) {}

  caf::behavior make_behavior() override {
    return {[this](const partner& who) {
      auto to = make_response_promise<partner>();
      if (held_ == meetings_) {
        to.deliver(make_error(caf::sec::end_of_stream));
      } else if (!first_) {
        first_ = visitor{who, to};
      } else {
        ++held_;
        first_->to.deliver(who);
        to.deliver(first_->who);
        first_.reset();
      }
      return to;
    }};
  }

private:
  struct visitor {
    partner who;
    caf::typed_response_promise<partner> to;
  };

  number meetings_;
  number& held_;
  std::optional<visitor> first_;
};

/// Has no behavior, and so ends when it asks no more.
class creature : public attending_actor {
public:
  creature(caf::actor_config& config, caf::actor to, partner me, std::vector<std::size_t>& met, attendance& creatures)
      : attending_actor(config, creatures), to_(std::move(to)), me_(me), met_(met) {}

  caf::behavior make_behavior() override {
    go();
    return {};
  }

private:
  void go() {
    request(to_, caf::infinite, me_)
        .then(
            [this](const partner& other) {
              ++met_[other.index];
              me_.has = mixed(me_.has, other.has);
              go();
            },
            [](const caf::error&) {}); // the mall has closed
  }

  caf::actor to_;
  partner me_;
  std::vector<std::size_t>& met_;
};

} // namespace

std::string chameneos(caf::actor_system& in, std::uint64_t) {
  const chameneos_size size;
  meeting_books books{size.creatures};
  {
    const caf::actor place = in.spawn<mall>(size.meetings, books.held);
    for (std::size_t i = 0; i < size.creatures; ++i)
      in.spawn<creature>(place, creature_at(i), books.met[i], books.creatures);
  }
  in.await_all_actors_done();
  return judged(books, size).text();
}

// ---- SV-10: the manager keeps the promises of those who must wait ---------------------------------------------------

namespace {

using take_atom = caf::atom_constant<caf::atom("take")>;
using no_more_atom = caf::atom_constant<caf::atom("no_more")>;

class buffer_manager : public attending_actor {
public:
  buffer_manager(caf::actor_config& config, std::size_t bound, buffer_books& books)
      : attending_actor(config, books.actors), bound_(bound), books_(books) {}

  caf::behavior make_behavior() override {
    return {[this](caf::put_atom, number item) { return put(item); }, //
            [this](take_atom) { return take(); },
            [this](no_more_atom) {
              ends_ = true;
              for (caf::response_promise& each : empty_)
                each.deliver(nothing());
              empty_.clear();
            }};
  }

private:
  struct waiting_item {
    number item;
    caf::response_promise to;
  };

  static caf::error nothing() { return make_error(caf::sec::end_of_stream); }

  caf::response_promise put(number item) {
    caf::response_promise to = make_response_promise();
    if (!empty_.empty()) {
      empty_.front().deliver(item);
      empty_.pop_front();
      to.deliver(caf::unit);
    } else if (buffer_.size() < bound_) {
      keep({item, to});
    } else {
      full_.push_back({item, to});
    }
    return to;
  }

  caf::response_promise take() {
    caf::response_promise to = make_response_promise();
    if (!buffer_.empty()) {
      to.deliver(buffer_.front());
      buffer_.pop_front();
      if (!full_.empty()) {
        keep(std::move(full_.front()));
        full_.pop_front();
      }
    } else if (ends_) {
      to.deliver(nothing());
    } else {
      empty_.push_back(to);
    }
    return to;
  }

  void keep(waiting_item one) {
    buffer_.push_back(one.item);
    books_.most = std::max(books_.most, buffer_.size());
    one.to.deliver(caf::unit);
  }

  std::size_t bound_;
  buffer_books& books_;
  std::deque<number> buffer_;
  std::deque<waiting_item> full_;
  std::deque<caf::response_promise> empty_;
  bool ends_ = false;
};

/// Like a consumer, has no behavior, and so ends when it asks no more.
class producer : public attending_actor {
public:
  producer(caf::actor_config& config, caf::actor to, number first, number items, buffer_books& books)
      : attending_actor(config, books.actors), to_(std::move(to)), next_(first), end_(first + items) {}

  caf::behavior make_behavior() override {
    put();
    return {};
  }

private:
  void put() {
    if (next_ < end_)
      request(to_, caf::infinite, caf::put_atom::value, next_++).then([this] { put(); });
  }

  caf::actor to_;
  number next_, end_;
};

class consumer : public attending_actor {
public:
  consumer(caf::actor_config& config, caf::actor from, std::vector<std::size_t>& taken, buffer_books& books)
      : attending_actor(config, books.actors), from_(std::move(from)), taken_(taken) {}

  caf::behavior make_behavior() override {
    take();
    return {};
  }

private:
  void take() {
    request(from_, caf::infinite, take_atom::value)
        .then(
            [this](number item) {
              taken_.push_back(item);
              take();
            },
            [](const caf::error&) {}); // no more will come
  }

  caf::actor from_;
  std::vector<std::size_t>& taken_;
};

} // namespace

std::string bndbuffer(caf::actor_system& in, std::uint64_t) {
  const bounded_buffer_size size;
  buffer_books books{size.consumers};
  {
    caf::scoped_actor here{in};
    const caf::actor manager = in.spawn<buffer_manager>(size.buffer, books);
    for (std::vector<std::size_t>& each : books.taken)
      in.spawn<consumer>(manager, each, books);
    std::vector<caf::actor> producing;
    for (number i = 0; i < size.producers; ++i)
      producing.push_back(in.spawn<producer>(manager, i * size.items, number{size.items}, books));
    here->wait_for(producing);
    here->send(manager, no_more_atom::value);
  }
  in.await_all_actors_done();
  return judged(books, size).text();
}

} // namespace troupe::savina::on_caf
