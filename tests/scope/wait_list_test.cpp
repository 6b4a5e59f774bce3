#include <troupe/scope/wait_list.hpp>

#include <tests/catch.hpp>

using troupe::detail::wait_list;
using troupe::detail::wait_node;

TEST_CASE("a wait list gives its nodes first come first served", "[scope]") {
  wait_list list;
  wait_node a, b, c;
  CHECK(list.empty());
  CHECK(list.pop() == nullptr);
  for (wait_node* each : {&a, &b, &c})
    list.push(*each);
  CHECK(list.size() == 3);
  CHECK(list.first() == &a);
  CHECK(list.at(0) == &a);
  CHECK(list.at(1) == &b);
  CHECK(list.at(2) == &c);
  CHECK(list.pop() == &a);
  CHECK(list.pop() == &b);
  CHECK(list.pop() == &c);
  CHECK(list.empty());
}

TEST_CASE("a node is taken out of any place once", "[scope]") {
  for (std::size_t place = 0; place < 3; ++place) {
    wait_list list;
    wait_node nodes[3];
    for (wait_node& each : nodes)
      list.push(each);
    CHECK(list.remove(nodes[place]));
    CHECK_FALSE(list.remove(nodes[place]));
    CHECK(list.size() == 2);
    for (std::size_t i = 0; i < 3; ++i)
      if (i != place)
        CHECK(list.pop() == &nodes[i]);
    CHECK(list.empty());
    list.push(nodes[place]); // can be used again
    CHECK(list.pop() == &nodes[place]);
  }
}

TEST_CASE("what was never in a list is not taken out of it", "[scope]") {
  wait_list list;
  wait_node inside, outside;
  list.push(inside);
  CHECK_FALSE(list.remove(outside));
  CHECK(list.pop() == &inside);
  CHECK_FALSE(list.remove(inside));
}
