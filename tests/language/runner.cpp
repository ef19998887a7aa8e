// Checks every .nemo file below a directory and compares what is said with what the files expect.
// Files in folders named `lib` are there to be imported; what is said about them is expected in
// them too, but they are not checked on their own.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "expectations.h"
#include "intent/check/check.h"

using namespace nemo;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path &path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<fs::path> inputs(const fs::path &given) {
  if (!fs::is_directory(given))
    return {given};
  std::vector<fs::path> files;
  for (const fs::directory_entry &entry : fs::recursive_directory_iterator(given)) {
    const fs::path inside = entry.path().lexically_relative(given);
    const bool imported = std::find(inside.begin(), inside.end(), "lib") != inside.end();
    if (entry.path().extension() == ".nemo" && entry.is_regular_file() && !imported)
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool passes(const fs::path &path) {
  const check::Checked checked = check::check_path(path.string());
  std::set<std::string> files{path.string()};
  for (const Diagnostic &diagnostic : checked.diagnostics)
    if (!diagnostic.file.empty())
      files.insert(diagnostic.file);
  std::vector<language_test::Expectation> expected;
  for (const std::string &file : files)
    for (language_test::Expectation &one : language_test::expectations(file, read(file)))
      expected.push_back(std::move(one));
  const std::vector<std::string> wrong = language_test::differences(expected, checked.diagnostics);
  for (const std::string &line : wrong)
    std::cout << line << '\n';
  return wrong.empty();
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2) {
    std::cerr << "usage: test-language PATH...\n";
    return 1;
  }
  size_t count = 0;
  size_t failed = 0;
  for (int i = 1; i != argc; ++i)
    for (const fs::path &path : inputs(argv[i])) {
      ++count;
      failed += !passes(path);
    }
  std::cout << count << " files, " << failed << " failed\n";
  return failed != 0 || count == 0;
}
