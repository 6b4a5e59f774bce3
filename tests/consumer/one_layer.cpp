// Uses one layer only.

#include <troupe/mailbox/mailbox.hpp>

int main() {
  troupe::mailbox<int> queue{troupe::capacity{1}};
  return 0;
}
