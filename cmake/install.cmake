# Installs headers, libraries and a package, so that find_package(troupe) gives the targets of the build tree.

include(CMakePackageConfigHelpers)

get_property(troupe_layers GLOBAL PROPERTY TROUPE_LAYERS)
get_property(troupe_umbrella GLOBAL PROPERTY TROUPE_UMBRELLA)
set(troupe_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/troupe")

foreach(name IN LISTS troupe_layers)
  install(TARGETS troupe_${name} EXPORT troupe_targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/${name}")
    install(DIRECTORY "${name}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/troupe/${name}"
      FILES_MATCHING PATTERN "*.hpp" PATTERN "troupe.hpp" EXCLUDE)
  endif()
endforeach()
install(TARGETS troupe_umbrella troupe_caf EXPORT troupe_targets)
install(FILES "${troupe_umbrella}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/troupe")

install(EXPORT troupe_targets NAMESPACE troupe:: FILE troupeTargets.cmake DESTINATION "${troupe_package_dir}")
configure_package_config_file(cmake/troupeConfig.cmake.in "${PROJECT_BINARY_DIR}/troupeConfig.cmake"
  INSTALL_DESTINATION "${troupe_package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/troupeConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/troupeConfig.cmake"
  "${PROJECT_BINARY_DIR}/troupeConfigVersion.cmake"
  cmake/FindCAF.cmake
  DESTINATION "${troupe_package_dir}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/troupe" RENAME copyright) # as Debian has it
# The documents, beside what they link to.
install(FILES README.md CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/troupe")
install(DIRECTORY docs examples DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/troupe"
  FILES_MATCHING PATTERN "*.md" PATTERN "*.png" PATTERN "*.[ch]pp" PATTERN "*.py" PATTERN "*.txt"
  PATTERN "__pycache__" EXCLUDE)
