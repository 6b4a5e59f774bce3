// SV-14 and SV-15 on CAF's own actors: an actor asks another one while it serves.

#include "caf_programs.hpp"

#include <tests/savina/nested_ask_problems.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

// ---- SV-14 ----------------------------------------------------------------------------------------------------------

namespace {

using compute_atom = caf::atom_constant<caf::atom("compute")>;
using next_atom = caf::atom_constant<caf::atom("next")>;
using get_term_atom = caf::atom_constant<caf::atom("getterm")>;

class rate_computer : public caf::event_based_actor {
public:
  rate_computer(caf::actor_config& config, double rate) : event_based_actor(config), rate_(rate) {}

  caf::behavior make_behavior() override {
    return {[this](compute_atom, double term) { return next_term_of(rate_, term); }};
  }

private:
  double rate_;
};

/// Counts the terms that it is still to compute. It could keep these messages until the one before has its answer
/// (`await`), but then CAF moves all of them to and fro for each term, which took a hundred times longer.
class term_series : public caf::event_based_actor {
public:
  term_series(caf::actor_config& config, double term, caf::actor computer)
      : event_based_actor(config), term_(term), computer_(std::move(computer)) {}

  caf::behavior make_behavior() override {
    return {[this](next_atom) {
              if (++terms_left_ == 1)
                compute();
            },
            [this](get_term_atom) {
              asked_ = make_response_promise();
              if (terms_left_ == 0)
                asked_.deliver(term_);
            }};
  }

private:
  void compute() {
    request(computer_, caf::infinite, compute_atom::value, term_).then([this](double term) {
      term_ = term;
      if (--terms_left_ > 0)
        compute();
      else if (asked_.pending())
        asked_.deliver(term_);
    });
  }

  double term_;
  caf::actor computer_;
  std::size_t terms_left_ = 0;
  caf::response_promise asked_;
};

/// Has no behavior: it ends when each series has answered, and they with it.
class series_master : public caf::event_based_actor {
public:
  series_master(caf::actor_config& config, logistic_map_size size, std::vector<double>& terms)
      : event_based_actor(config), size_(size), terms_(terms) {}

  caf::behavior make_behavior() override {
    for (std::size_t i = 0; i < size_.series; ++i)
      all_.push_back(spawn<term_series>(first_term_of(i), spawn<rate_computer>(rate_of(i))));
    for (std::size_t n = 0; n < size_.terms; ++n)
      for (const caf::actor& each : all_)
        send(each, next_atom::value);
    for (std::size_t i = 0; i < size_.series; ++i)
      request(all_[i], caf::infinite, get_term_atom::value).then([this, i](double term) { terms_[i] = term; });
    return {};
  }

private:
  logistic_map_size size_;
  std::vector<double>& terms_;
  std::vector<caf::actor> all_;
};

} // namespace

std::string logmap(caf::actor_system& in, std::uint64_t) {
  const logistic_map_size size;
  std::vector<double> terms(size.series);
  in.spawn<series_master>(size, std::ref(terms));
  in.await_all_actors_done();
  return judged(terms, size).text();
}

// ---- SV-15 ----------------------------------------------------------------------------------------------------------

namespace {

using deposit_atom = caf::atom_constant<caf::atom("deposit")>;
using balance_atom = caf::atom_constant<caf::atom("balance")>;
using transfer_atom = caf::atom_constant<caf::atom("transfer")>;
using done_atom = caf::atom_constant<caf::atom("done")>;

/// Hears of nothing else until what it transfers has arrived. No cycle closes, as the destination is a higher account.
class bank_account : public caf::event_based_actor {
public:
  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[this](deposit_atom, std::int64_t amount) { cents_ += amount; }, [this](balance_atom) { return cents_; },
            [this](transfer_atom, const caf::actor& destination, std::int64_t amount) {
              cents_ -= amount;
              request(destination, caf::infinite, deposit_atom::value, amount)
                  .await([to = make_response_promise()]() mutable { to.deliver(true); });
            }};
  }

private:
  std::int64_t cents_ = first_balance;
};

using account_list = std::shared_ptr<const std::vector<caf::actor>>;

/// Has no behavior: it ends when it makes no further request.
class bank_teller : public caf::event_based_actor {
public:
  bank_teller(caf::actor_config& config, caf::actor manager, account_list accounts, std::size_t index,
              banking_size size, std::uint64_t seed)
      : event_based_actor(config), manager_(std::move(manager)), accounts_(std::move(accounts)),
        transfers_(index, size, transfer_order::ascending, seed) {}

  caf::behavior make_behavior() override {
    next();
    return {};
  }

private:
  void next() {
    if (!transfers_.any_left())
      return send(manager_, done_atom::value, acknowledged_);
    const drawn_transfer drawn = transfers_.next();
    request((*accounts_)[drawn.source], caf::infinite, transfer_atom::value, (*accounts_)[drawn.destination],
            drawn.amount)
        .then([this](bool through) {
          acknowledged_ += through ? 1 : 0;
          next();
        });
  }

  caf::actor manager_;
  account_list accounts_;
  transfers_of transfers_;
  std::size_t acknowledged_ = 0;
};

struct bank_books {
  std::size_t acknowledged = 0;
  std::vector<std::int64_t> balances;
};

/// Asks for the balances when all tellers are done. The accounts end with it.
class bank_manager : public caf::event_based_actor {
public:
  bank_manager(caf::actor_config& config, banking_size size, std::uint64_t seed, bank_books& books)
      : event_based_actor(config), size_(size), seed_(seed), tellers_left_(size.tellers), books_(books) {}

  caf::behavior make_behavior() override {
    std::vector<caf::actor> accounts;
    for (std::size_t i = 0; i < size_.accounts; ++i)
      accounts.push_back(spawn<bank_account>());
    accounts_ = std::make_shared<const std::vector<caf::actor>>(std::move(accounts));
    for (std::size_t i = 0; i < size_.tellers; ++i)
      spawn<bank_teller>(caf::actor{this}, accounts_, i, size_, seed_);
    return {[this](done_atom, std::size_t acknowledged) {
      books_.acknowledged += acknowledged;
      if (--tellers_left_ == 0)
        ask_for_balances();
    }};
  }

private:
  void ask_for_balances() {
    books_.balances.resize(size_.accounts);
    for (std::size_t i = 0; i < size_.accounts; ++i)
      request((*accounts_)[i], caf::infinite, balance_atom::value).then([this, i](std::int64_t cents) {
        books_.balances[i] = cents;
      });
    unbecome(); // without a behavior it ends when all have answered
  }

  banking_size size_;
  std::uint64_t seed_;
  std::size_t tellers_left_;
  bank_books& books_;
  account_list accounts_;
};

} // namespace

std::string banking(caf::actor_system& in, std::uint64_t seed) {
  const banking_size size;
  bank_books books;
  in.spawn<bank_manager>(size, seed, std::ref(books));
  in.await_all_actors_done();
  return judged(books.balances, books.acknowledged, size, transfer_order::ascending, seed).text();
}

} // namespace troupe::savina::on_caf
