# Run by CPack on the tree that becomes the package: the files that Debian's policy asks for, and man pages compressed.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
if(NOT IS_DIRECTORY ${root})
  set(root ${CPACK_TEMPORARY_DIRECTORY}/usr)
endif()
set(documents ${root}/share/doc/nemo-intent)
file(GLOB manual ${root}/share/man/man*/*)
execute_process(COMMAND gzip -9n ${manual} COMMAND_ERROR_IS_FATAL ANY)

# What LICENSE says stands in copyright.
file(REMOVE ${documents}/LICENSE)
file(COPY_FILE ${CPACK_NEMO_DEBIAN}/copyright ${documents}/copyright)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${documents}/changelog.Debian
"nemo-intent (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * See CHANGELOG.md.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(RENAME ${documents}/CHANGELOG.md ${documents}/changelog)
execute_process(COMMAND gzip -9n ${documents}/changelog.Debian ${documents}/changelog COMMAND_ERROR_IS_FATAL ANY)
file(MAKE_DIRECTORY ${root}/share/lintian/overrides)
file(COPY_FILE ${CPACK_NEMO_DEBIAN}/lintian-overrides ${root}/share/lintian/overrides/nemo-intent)
