# The ledger of examples/ledger: a library, run by `troupe run ledger`. Its headers are <troupe/ledger/...>.

find_package(SQLite3 REQUIRED)

file(GLOB troupe_ledger_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/ledger/*.cpp")
troupe_include_root(examples_ledger "${PROJECT_SOURCE_DIR}/examples/ledger" troupe_ledger_root)

add_library(troupe_ledger STATIC ${troupe_ledger_sources})
troupe_own_code(troupe_ledger)
troupe_parse_library_once(troupe_ledger)
target_include_directories(troupe_ledger PUBLIC "${troupe_ledger_root}")
target_link_libraries(troupe_ledger PUBLIC troupe::troupe PRIVATE SQLite::SQLite3 nlohmann_json::nlohmann_json)
