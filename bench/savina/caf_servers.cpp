// SV-08 and SV-09 on CAF's actors: clients that ask one server.

#include "caf_micro.hpp"
#include "caf_programs.hpp"

#include <tests/savina/server_problems.hpp>

#include <caf/all.hpp>

#include <algorithm>
#include <cstdint>
#include <forward_list>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

// ---- SV-08, SV-09 ---------------------------------------------------------------------------------------------------

namespace {

using size_atom = caf::atom_constant<caf::atom("size")>;
using contents_atom = caf::atom_constant<caf::atom("contents")>;

/// Answers with the value that was there before, or -1.
class dictionary : public caf::event_based_actor {
public:
  using contents = std::unordered_map<int, int>;

  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[this](caf::get_atom, int key) { return found(key); },
            [this](caf::put_atom, int key, int value) {
              const std::int64_t before = found(key);
              values_[key] = value;
              return before;
            },
            [this](contents_atom) { return values_; }};
  }

private:
  std::int64_t found(int key) const {
    const auto at = values_.find(key);
    return at == values_.end() ? -1 : at->second;
  }

  contents values_;
};

/// Answers with 1 if the key was there before, else 0; or with the size.
class sorted_list : public caf::event_based_actor {
public:
  using contents = std::vector<int>;

  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[this](caf::get_atom, int key) { return is_after(place_of(key), key); },
            [this](caf::put_atom, int key, int) {
              const place before = place_of(key);
              const std::int64_t found = is_after(before, key);
              keys_.insert_after(before, key);
              ++size_;
              return found;
            },
            [this](size_atom) { return size_; }, //
            [this](contents_atom) { return contents(keys_.begin(), keys_.end()); }};
  }

private:
  using place = std::forward_list<int>::const_iterator;

  /// After which the key is, or would be.
  place place_of(int key) const {
    place before = keys_.before_begin();
    for (place at = keys_.begin(); at != keys_.end() && *at < key; ++at)
      before = at;
    return before;
  }
  std::int64_t is_after(place before, int key) const {
    const place at = std::next(before);
    return at != keys_.end() && *at == key ? 1 : 0;
  }

  std::forward_list<int> keys_;
  std::int64_t size_ = 0;
};

struct client_books {
  number replies = 0;
  std::int64_t found_by_writes = 0; // the sum
  std::int64_t last_size = 0;
  bool grows = true;
};

/// Has no behavior, and so ends when it asks no more.
class client : public caf::event_based_actor {
public:
  client(caf::actor_config& config, caf::actor to, questions asked, number messages, client_books& books)
      : event_based_actor(config), to_(std::move(to)), questions_(asked), messages_(messages), books_(books) {}

  caf::behavior make_behavior() override {
    ask();
    return {};
  }

private:
  void ask() {
    const operation asked = questions_.next();
    const auto replied = [this, what = asked.what](std::int64_t result) { learn(what, result); };
    switch (asked.what) {
    case operation_kind::read:
      return request(to_, caf::infinite, caf::get_atom::value, asked.key).then(replied);
    case operation_kind::write:
      return request(to_, caf::infinite, caf::put_atom::value, asked.key, asked.value).then(replied);
    case operation_kind::size:
      return request(to_, caf::infinite, size_atom::value).then(replied);
    }
  }

  void learn(operation_kind what, std::int64_t result) {
    if (what == operation_kind::write) {
      books_.found_by_writes += result;
    } else if (what == operation_kind::size) {
      books_.grows = books_.grows && result >= books_.last_size;
      books_.last_size = result;
    }
    if (++books_.replies < messages_)
      ask();
  }

  caf::actor to_;
  questions questions_;
  number messages_;
  client_books& books_;
};

/// What all clients of one server have seen, and what the server holds at the end.
template <class Server>
struct seen_of {
  number replies = 0;
  std::int64_t found_by_writes = 0;
  bool grows = true;
  typename Server::contents contents = {};
};

template <class Server>
seen_of<Server> ask_server(caf::actor_system& in, number clients, client_plan plan, std::uint64_t seed) {
  std::vector<client_books> books(clients);
  seen_of<Server> seen;
  {
    caf::scoped_actor here{in};
    const caf::actor to = in.spawn<Server>();
    std::vector<caf::actor> asking;
    for (number i = 0; i < clients; ++i)
      asking.push_back(in.spawn<client>(to, questions{plan, i, seed}, plan.messages, books[i]));
    here->wait_for(asking);
    here->request(to, caf::infinite, contents_atom::value)
        .receive([&](typename Server::contents& held) { seen.contents = std::move(held); },
                 [](const caf::error&) {}); // nothing is held, which is found to be wrong
  }
  in.await_all_actors_done();
  for (const client_books& each : books) {
    seen.replies += each.replies;
    seen.found_by_writes += each.found_by_writes;
    seen.grows = seen.grows && each.grows;
  }
  return seen;
}

} // namespace

std::string concdict(caf::actor_system& in, std::uint64_t seed) {
  const dictionary_size size;
  const client_plan plan{size};
  const seen_of<dictionary> seen = ask_server<dictionary>(in, size.workers, plan, seed);
  std::int64_t balance = 0;               // of what writes left, and what they replaced
  std::map<int, std::set<int>> last_ones; // of each key: what each client wrote last
  for (number i = 0; i < size.workers; ++i) {
    questions all{plan, i, seed};
    std::map<int, int> last;
    for (number n = 0; n < size.messages; ++n)
      if (const operation asked = all.next(); asked.what == operation_kind::write) {
        balance += asked.value;
        last[asked.key] = asked.value;
      }
    for (const auto& [key, value] : last)
      last_ones[key].insert(value);
  }
  number not_last = 0;
  for (const auto& [key, value] : seen.contents) {
    not_last += last_ones[key].contains(value) ? 0 : 1;
    balance -= value + 1; // the first to write the key replaced -1
  }
  findings wrong;
  wrong.equal("replies", seen.replies, size.workers * size.messages);
  wrong.equal("keys", seen.contents.size(), last_ones.size());
  wrong.equal("values that no client wrote last", not_last, 0);
  wrong.equal("the sum of what writes replaced", seen.found_by_writes, balance);
  return wrong.text();
}

std::string concsll(caf::actor_system& in, std::uint64_t seed) {
  const sorted_list_size size;
  const client_plan plan{size};
  const seen_of<sorted_list> seen = ask_server<sorted_list>(in, size.workers, plan, seed);
  std::vector<int> inserted;
  for (number i = 0; i < size.workers; ++i) {
    questions all{plan, i, seed};
    for (number n = 0; n < size.messages; ++n)
      if (const operation asked = all.next(); asked.what == operation_kind::write)
        inserted.push_back(asked.key);
  }
  std::sort(inserted.begin(), inserted.end());
  const std::set<int> distinct(inserted.begin(), inserted.end());
  findings wrong;
  wrong.equal("replies", seen.replies, size.workers * size.messages);
  wrong.expect(std::is_sorted(seen.contents.begin(), seen.contents.end()), "the list is sorted");
  wrong.expect(seen.contents == inserted, "the list holds what was inserted");
  wrong.equal("inserts of what was there", seen.found_by_writes, inserted.size() - distinct.size());
  wrong.expect(seen.grows, "no client sees the list become shorter");
  return wrong.text();
}

} // namespace troupe::savina::on_caf
