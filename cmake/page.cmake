# The page of the live view: what is in observe/page/ becomes a .cpp file of troupe_observe, so the program needs no files
# of its own when it runs.

file(GLOB troupe_page_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/observe/page/*")
set(troupe_page_source "${PROJECT_BINARY_DIR}/page_files.cpp")
add_custom_command(OUTPUT "${troupe_page_source}"
  COMMAND "${CMAKE_COMMAND}" "-DFILES=${troupe_page_files}" "-DTO=${troupe_page_source}"
    -P "${PROJECT_SOURCE_DIR}/cmake/embed_page.cmake"
  DEPENDS ${troupe_page_files} "${PROJECT_SOURCE_DIR}/cmake/embed_page.cmake" VERBATIM)
target_sources(troupe_observe PRIVATE "${troupe_page_source}")
