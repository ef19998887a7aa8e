// What may be read, and that nothing else is waited for or kept in memory.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "base/files.h"

using namespace nemo;
namespace fs = std::filesystem;

namespace {

struct Directory {
  Directory() { REQUIRE(::mkdtemp(path.data())); }
  ~Directory() { fs::remove_all(path); }
  std::string file(const std::string &name, const std::string &text) const {
    std::ofstream(path + "/" + name, std::ios::binary) << text;
    return path + "/" + name;
  }
  std::string pipe() const {
    const std::string name = path + "/pipe";
    REQUIRE(::mkfifo(name.c_str(), 0600) == 0);
    return name;
  }
  std::string path = "/tmp/nemo-files-XXXXXX";
};

/// The bytes, or why not.
std::string got(const std::string &path, uint64_t limit = 1000, Input input = Input::file) {
  auto text = read_file(path, limit, input);
  return text ? *text : "error: " + llvm::toString(text.takeError());
}

} // namespace

TEST_CASE("a file is read whole, up to one byte more than its limit") {
  const Directory directory;
  CHECK(got(directory.file("a", "")).empty());
  CHECK(got(directory.file("a", "nemo = 1\n")) == "nemo = 1\n");
  CHECK(got(directory.file("a", std::string(1000, 'x'))) == std::string(1000, 'x'));
  CHECK(got(directory.file("a", std::string(5000, 'x'))) == std::string(1001, 'x'));
  const std::string large(300'000, 'x');
  CHECK(got(directory.file("a", large), 1 << 20) == large);
}

TEST_CASE("a file of /proc says that it is empty, and is read all the same") {
  CHECK(got("/proc/self/status", 1 << 20).find("VmRSS") != std::string::npos);
}

TEST_CASE("what is no file is refused with the reason") {
  const Directory directory;
  CHECK(got(directory.path) == "error: it is a directory");
  CHECK(got(directory.path + "/missing") == "error: No such file or directory");
  CHECK(got(directory.file("a", "") + "/b") == "error: Not a directory");
  CHECK(got(directory.pipe()) == "error: it is not a regular file");
  CHECK(got("/dev/zero") == "error: it is not a regular file");
}

TEST_CASE("a stream is read as far as the limit, and a pipe without writer is empty") {
  const Directory directory;
  CHECK(got("/dev/zero", 1000, Input::stream) == std::string(1001, '\0'));
  CHECK(got(directory.pipe(), 1000, Input::stream).empty());

  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  std::thread writer([&] {
    CHECK(::write(ends[1], "late", 4) == 4);
    ::close(ends[1]);
  });
  auto text = read_descriptor(ends[0], 1000); // waits as long as there is a writer
  writer.join();
  ::close(ends[0]);
  REQUIRE(static_cast<bool>(text));
  CHECK(*text == "late");
}
