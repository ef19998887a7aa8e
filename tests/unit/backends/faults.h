// What the tests share: temporary directories, and the id of an error.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.h"

struct TemporaryDirectory {
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "nemo-test-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  std::string script(const std::string &name, const std::string &text) const {
    std::string file = path + "/" + name;
    std::ofstream(file) << text;
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file;
  }
  std::string path;
};

/// Sets a variable for as long as it lives.
struct Variable {
  Variable(const char *name, const std::string &value) : name_(name) {
    if (const char *before = std::getenv(name)) {
      had_ = true;
      before_ = before;
    }
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { had_ ? ::setenv(name_, before_.c_str(), 1) : ::unsetenv(name_); }

private:
  const char *name_;
  bool had_ = false;
  std::string before_;
};

inline nemo::Diagnostic fault_of(llvm::Error error) {
  auto diagnostics = nemo::to_diagnostics(std::move(error), "plain");
  return diagnostics.empty() ? nemo::Diagnostic{} : diagnostics.front();
}
