// What workers who fetch items from one master can solve: whoever's actors they are.

#pragma once

#include <tests/savina/savina.hpp>

#include <concepts>
#include <optional>
#include <vector>

namespace troupe::savina {

/// What a worker made of an item: a result, or further items, or both.
template <class Item, class Result>
struct worked {
  std::optional<Result> result;
  std::vector<Item> more;
};
template <class Problem>
using worked_on = worked<typename Problem::item, typename Problem::result>;

/// Its `first` items are there at the beginning; the greatest is the most urgent. Its `work` is called by all workers at
/// a time, its `take` by one: what that leaves of `more` is to be done as well, and false says that all is done.
template <class Problem>
concept worker_problem = requires(Problem& own, const Problem& shared, const typename Problem::item& each,
                                  worked_on<Problem>& done) {
  { shared.first() } -> std::same_as<std::vector<typename Problem::item>>;
  { shared.work(each) } -> std::same_as<worked_on<Problem>>;
  { own.take(done) } -> std::same_as<bool>;
  { shared.judged() } -> std::same_as<findings>;
};

} // namespace troupe::savina
