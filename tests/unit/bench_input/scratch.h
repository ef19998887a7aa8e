// A folder for the files of one test.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "llvm/Support/Error.h"

namespace nemo::bench {

struct Scratch {
  Scratch() { REQUIRE(::mkdtemp(path.data())); }
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string file(const std::string &name, std::string_view text) const {
    std::ofstream(path + "/" + name, std::ios::binary) << text;
    return path + "/" + name;
  }
  std::string path = "/tmp/nemo-input-XXXXXX";
};

/// Why not; empty when there is a value.
template <class T> std::string fault(llvm::Expected<T> result) {
  return result ? "" : llvm::toString(result.takeError());
}

/// The value; without one the test fails.
template <class T> T got(llvm::Expected<T> result) {
  if (!result)
    FAIL(llvm::toString(result.takeError()));
  return std::move(*result);
}

} // namespace nemo::bench
