# Every dependency, named once, with a word on why. Debian 12 package names are in `dev`.
find_package(LLVM 16 REQUIRED CONFIG)        # Support: Expected/Error, StringRef, JSON, SHA-256, colour terminals
find_package(antlr4-runtime REQUIRED)        # the grammar's runtime
find_package(Protobuf 3.21 REQUIRED)         # the contracts between compiler, backends and agents
find_package(fmt 9 REQUIRED)                 # text
find_package(yaml-cpp REQUIRED)              # fleet files
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)          # certificates, signatures, sealing, TLS of a fleet (Apache-2.0)
find_package(Catch2 2 REQUIRED)              # unit tests
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBGIT2 REQUIRED IMPORTED_TARGET libgit2)        # commits and their trees (GPL-2.0 with an exception: what is linked to it may be under any licence)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)        # the agent's journal
pkg_check_modules(LIBNATS REQUIRED IMPORTED_TARGET libnats)        # a fleet's messages: client of the broker (Apache-2.0)
pkg_check_modules(LIBSECCOMP REQUIRED IMPORTED_TARGET libseccomp)  # system call filters, linked dynamically (LGPL)
pkg_check_modules(LIBARCHIVE REQUIRED IMPORTED_TARGET libarchive)  # layers of images; benches read packed data sets (BSD)
pkg_check_modules(LIBCURL REQUIRED IMPORTED_TARGET libcurl)        # images from registries, in nemo-pull alone (curl licence)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)                  # command lines, help, completion
find_program(ANTLR4_TOOL antlr4 REQUIRED)                          # grammar -> parser, at build time only

add_library(nemo_llvm INTERFACE)
target_include_directories(nemo_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
target_compile_definitions(nemo_llvm INTERFACE ${LLVM_DEFINITIONS_LIST})
target_link_libraries(nemo_llvm INTERFACE LLVMSupport)
