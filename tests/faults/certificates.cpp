// Makes certificates for tests that are no C++: prints their folder, and removes it once its input ends.

#include <tests/streams/certificates.hpp>

#include <cstdio>

int main() {
  const troupe::tests::certificates made;
  std::puts(made.folder().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
