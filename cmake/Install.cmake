# cmake --install build/release --prefix DIR: everything below DIR, and nothing started. The prefix may be chosen at install
# time, so what depends on it (the units) is written then. nemo finds its agent beside itself, and the agent its supervisor and
# what it becomes in a fleet in ../libexec/nemo.
install(TARGETS nemo nemo-agent RUNTIME DESTINATION bin)
install(TARGETS nemo-supervisor nemo-agent-fleet nemo-pull RUNTIME DESTINATION libexec/nemo)
foreach(section 1 7 8)
  install(DIRECTORY ${CMAKE_BINARY_DIR}/man/ DESTINATION share/man/man${section} FILES_MATCHING PATTERN "*.${section}")
endforeach()

set(shells ${CMAKE_SOURCE_DIR}/cli/shells)
install(FILES ${shells}/nemo.bash DESTINATION share/bash-completion/completions RENAME nemo)
install(FILES ${shells}/nemo.fish DESTINATION share/fish/vendor_completions.d)
install(CODE [[
set(zsh_functions share/zsh/site-functions)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr") # which Debian keeps for packages
  set(zsh_functions share/zsh/vendor-completions)
endif()]])
install(FILES ${shells}/nemo.zsh DESTINATION "\${zsh_functions}" RENAME _nemo)

foreach(kind system user)
  set(unit ${CMAKE_BINARY_DIR}/units/${kind}/nemo-agent.service)
  string(REPLACE system "" infix ".${kind}")
  string(REPLACE ".." "." template ${CMAKE_SOURCE_DIR}/packaging/nemo-agent${infix}.service.in)
  install(CODE "configure_file(${template} ${unit} @ONLY)")
  install(FILES ${unit} DESTINATION lib/systemd/${kind})
endforeach()

set(documents share/doc/nemo-intent)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${documents})
install(DIRECTORY docs DESTINATION ${documents})
install(DIRECTORY examples DESTINATION ${documents} PATTERN CMakeLists.txt EXCLUDE)

add_custom_target(uninstall
  COMMAND ${CMAKE_COMMAND} -DMANIFEST=${CMAKE_BINARY_DIR}/install_manifest.txt -P ${CMAKE_SOURCE_DIR}/cmake/uninstall.cmake
  COMMENT "Removing what the last install put in place" VERBATIM)
