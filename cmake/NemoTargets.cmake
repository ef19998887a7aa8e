# nemo_library(FOLDER SOURCES ... DEPENDS ...): the library of one folder ("intent/units" becomes nemo_intent_units).
# nemo_program(NAME ...): the same for a program. Headers are reached through a directory that holds links to the folders a
# target may see, and to no others.
add_library(nemo_options INTERFACE)
target_compile_options(nemo_options INTERFACE -Wall -Wextra -Werror -Wno-unused-parameter -fno-omit-frame-pointer)
# A library that is named by a dependency (LLVM names libz3) and used by nothing would still be loaded at every start.
target_link_options(nemo_options INTERFACE LINKER:--as-needed LINKER:--gc-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(nemo_options INTERFACE -Wno-missing-field-initializers -Wimplicit-fallthrough)
else()
  # GCC 12 warns inside its own library where clang does not; clang is the compiler whose warnings are errors.
  target_compile_options(nemo_options INTERFACE -Wno-error)
endif()
set(NEMO_SANITIZE "" CACHE STRING "asan (address and undefined behaviour, with coverage for the fuzzers), tsan, or nothing")
set_property(CACHE NEMO_SANITIZE PROPERTY STRINGS "" asan tsan)
if(NEMO_SANITIZE STREQUAL "asan")
  # The vptr check needs RTTI of LLVM's classes, which Debian builds without it.
  add_compile_options(-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize=vptr -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(NEMO_SANITIZE STREQUAL "tsan")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(NEMO_SANITIZE)
  message(FATAL_ERROR "NEMO_SANITIZE is '${NEMO_SANITIZE}'; it can be asan, tsan, or nothing")
endif()

function(nemo_library folder)
  cmake_parse_arguments(arg "LITE" "" "SOURCES;DEPENDS" ${ARGN})
  string(MAKE_C_IDENTIFIER "nemo_${folder}" name)
  add_library(${name} STATIC ${arg_SOURCES})
  set(view ${CMAKE_BINARY_DIR}/include/${name})
  get_filename_component(parent ${folder} DIRECTORY)
  file(MAKE_DIRECTORY ${view}/${parent})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${view}/${folder} SYMBOLIC)
  target_include_directories(${name} PUBLIC ${view})
  target_link_libraries(${name} PRIVATE nemo_options PUBLIC ${arg_DEPENDS})
endfunction()

function(nemo_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE nemo_options ${arg_DEPENDS})
endfunction()
