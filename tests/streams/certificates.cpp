#include "certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace troupe::tests {

namespace {

struct freed {
  void operator()(X509* of) const noexcept { X509_free(of); }
  void operator()(EVP_PKEY* of) const noexcept { EVP_PKEY_free(of); }
  void operator()(std::FILE* of) const noexcept { std::fclose(of); }
};
using certificate = std::unique_ptr<X509, freed>;
using key = std::unique_ptr<EVP_PKEY, freed>;

void require(bool holds) {
  if (!holds)
    throw std::runtime_error("cannot make a certificate for the tests");
}

void extend(X509* of, int what, const char* value) {
  X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, nullptr, what, value);
  require(made != nullptr && X509_add_ext(of, made, -1) == 1);
  X509_EXTENSION_free(made);
}

struct identity {
  certificate shown;
  key of;
};

identity make(const char* name, const identity* authority, const char* names, long valid_until) {
  static long serial = 0;
  identity made{certificate{X509_new()}, key{EVP_EC_gen("P-256")}};
  X509* const shown = made.shown.get();
  require(shown != nullptr && made.of != nullptr);
  X509_set_version(shown, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(shown), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(shown), -7'200);
  X509_gmtime_adj(X509_getm_notAfter(shown), valid_until);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(shown), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(shown, X509_get_subject_name(authority != nullptr ? authority->shown.get() : shown));
  X509_set_pubkey(shown, made.of.get());
  extend(shown, NID_basic_constraints, authority == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (names != nullptr)
    extend(shown, NID_subject_alt_name, names);
  require(X509_sign(shown, authority != nullptr ? authority->of.get() : made.of.get(), EVP_sha256()) != 0);
  return made;
}

void write(const identity& what, const std::string& shown_file, const std::string& key_file) {
  const std::unique_ptr<std::FILE, freed> shown{std::fopen(shown_file.c_str(), "w")};
  require(shown != nullptr && PEM_write_X509(shown.get(), what.shown.get()) == 1);
  if (key_file.empty())
    return;
  const std::unique_ptr<std::FILE, freed> of{std::fopen(key_file.c_str(), "w")};
  require(of != nullptr && PEM_write_PrivateKey(of.get(), what.of.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

} // namespace

certificates::certificates() {
  constexpr long a_day = 86'400, an_hour_ago = -3'600;
  constexpr const char* names = "DNS:server.test,IP:127.0.0.1";
  std::string folder = (std::filesystem::temp_directory_path() / "troupe_certificates_XXXXXX").string();
  require(mkdtemp(folder.data()) != nullptr);
  folder_ = folder;
  const identity trusted = make("authority of the tests", nullptr, nullptr, a_day);
  write(trusted, authority(), "");
  write(make("another authority", nullptr, nullptr, a_day), other_authority(), "");
  write(make("server", &trusted, names, a_day), server(), server_key());
  write(make("server", &trusted, names, an_hour_ago), expired(), expired_key());
  write(make("client", &trusted, nullptr, a_day), client(), client_key());
}

certificates::~certificates() { std::filesystem::remove_all(folder_); }

const certificates& test_certificates() {
  static const certificates made;
  return made;
}

} // namespace troupe::tests
