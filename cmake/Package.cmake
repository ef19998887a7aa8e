# cpack: a Debian package. Its name is not nemo: that is the file manager of Cinnamon, which owns /usr/bin/nemo and nemo(1),
# so the two cannot be installed at once and this package says so. Who wants both installs this one below a prefix.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME nemo-intent)
set(CPACK_PACKAGE_CONTACT "nemo maintainers <maintainers@nemo.example>" CACHE STRING
  "Maintainer field of packages")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "makes services run as intent files say, from gateway to cloud")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"nemo reads what is wanted of services from files in git, works out where
they run, says why and what it will cost, and makes it so. This package has
the command line, the agent for this machine and the supervisor of its
sandboxes.
.
It is not the file manager of the Cinnamon desktop, which has the same name
and the same /usr/bin/nemo; the two cannot be installed at once.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONFLICTS nemo)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "git, bash-completion, crun")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(debian ${CMAKE_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/prerm ${debian}/postrm)
set(CPACK_PRE_BUILD_SCRIPTS ${debian}/dress.cmake)
set(CPACK_NEMO_DEBIAN ${debian})
include(CPack)
