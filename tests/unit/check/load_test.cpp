// Which files are read, and what is refused before anything is.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <set>

#include <unistd.h>

#include "intent/check/check.h"

using namespace nemo;
namespace fs = std::filesystem;

namespace {

struct Directory {
  fs::path path;
  Directory() {
    std::string name = (fs::temp_directory_path() / "nemo-check-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Directory() { fs::remove_all(path); }
  void write(const std::string &name, const std::string &text) const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name, std::ios::binary) << text;
  }
};

std::set<std::string> ids(const check::Checked &checked) {
  std::set<std::string> result;
  for (const Diagnostic &d : checked.diagnostics)
    result.insert(d.id);
  return result;
}

const std::string workload = "workload w { exec = [\"/bin/w\"] }\n";

} // namespace

TEST_CASE("a file that is missing and a directory without files") {
  Directory dir;
  CHECK(ids(check::check_path((dir.path / "no.nemo").string())) == std::set<std::string>{"N0101"});
  CHECK(ids(check::check_path(dir.path.string())) == std::set<std::string>{"N0305"});
  CHECK(ids(check::check_texts({}, {})) == std::set<std::string>{"N0305"});
}

TEST_CASE("a directory's files are read together, in order of name") {
  Directory dir;
  dir.write("b.nemo", workload);
  dir.write("a.nemo", "nemo = 1\n");
  dir.write("sub/c.nemo", "not read");
  dir.write("notes.txt", "not read");
  const auto checked = check::check_path(dir.path.string());
  REQUIRE(checked.diagnostics.empty());
  REQUIRE(checked.intent.files_size() == 2);
  CHECK(checked.intent.files(0).path() == "a.nemo");
  CHECK(checked.intent.workloads_size() == 1);
}

TEST_CASE("no import and no mount leaves the repository, also not by a link") {
  Directory outside;
  outside.write("x.nemo", workload);
  Directory dir;
  fs::create_directory_symlink(outside.path, dir.path / "link");
  dir.write("a.nemo", "nemo = 1\nimport \"link/x.nemo\"\n");
  CHECK(ids(check::check_path((dir.path / "a.nemo").string())) == std::set<std::string>{"N0302"});
  dir.write("b.nemo",
            "nemo = 1\nworkload w { exec = [\"/bin/w\"]; mount { source = \"link\"; target "
            "= \"/x\" } }\n");
  CHECK(ids(check::check_path((dir.path / "b.nemo").string())) == std::set<std::string>{"N0317"});
  dir.write("d/app.py", "print()");
  fs::create_symlink(outside.path / "x.nemo", dir.path / "d/x");
  dir.write("c.nemo", "nemo = 1\nworkload w { exec = [\"/bin/w\"]; mount { source = \"d\"; target "
                      "= \"/x\" } }\n");
  CHECK(ids(check::check_path((dir.path / "c.nemo").string())) == std::set<std::string>{"N0317"});
}

TEST_CASE("texts are limited together") {
  Directory dir;
  dir.write("a.nemo", "nemo = 1\nimport \"b.nemo\"\n" + workload);
  dir.write("b.nemo", std::string((64u << 20) - 10, '\n'));
  CHECK(ids(check::check_path((dir.path / "a.nemo").string())) == std::set<std::string>{"N0304"});
}

TEST_CASE("files that come along are named by what they hold") {
  Directory dir;
  dir.write("app/main.py", "print(1)");
  dir.write("app/lib/x.py", "x = 1");
  dir.write("a.nemo",
            "nemo = 1\nworkload w { exec = [\"/bin/w\"]; mount { source = \"app\"; target "
            "= \"/app\" } }\n");
  const std::string path = (dir.path / "a.nemo").string();
  const auto first = check::check_path(path);
  REQUIRE(first.diagnostics.empty());
  REQUIRE(first.intent.artifacts_size() == 1);
  REQUIRE(first.intent.artifacts(0).files_size() == 2);
  CHECK(first.intent.artifacts(0).files(0).path() == "lib/x.py");
  CHECK(first.intent.workloads(0).mounts(0).artifact() == first.intent.artifacts(0).digest());
  dir.write("app/main.py", "print(2)");
  const auto second = check::check_path(path);
  CHECK(second.intent.artifacts(0).digest() != first.intent.artifacts(0).digest());
  CHECK(second.intent.digest() != first.intent.digest());
}

TEST_CASE("a fault in a constant is told once, with the place where it was used") {
  proto::SourceFile file;
  file.set_path("a.nemo");
  file.set_text("nemo = 1\nsize = 3core\nworkload w { exec = [\"/bin/w\"]\n  resources { memory = "
                "size } }\n");
  const auto checked = check::check_texts({file}, {});
  REQUIRE(checked.diagnostics.size() == 1);
  CHECK(checked.diagnostics[0].id == "N0205");
  CHECK(checked.diagnostics[0].range.line == 2);
  bool shown = false;
  for (const Note &note : checked.diagnostics[0].notes)
    shown |= note.range.line == 4;
  CHECK(shown);
}

TEST_CASE("an error inside a template shows both places") {
  proto::SourceFile file;
  file.set_path("a.nemo");
  file.set_text("nemo = 1\ntemplate t { exec = [\"/bin/w\"]\n replicas = x }\nuse t one\n");
  const auto checked = check::check_texts({file}, {});
  REQUIRE(checked.diagnostics.size() == 1);
  CHECK(checked.diagnostics[0].range.line == 3);
  REQUIRE_FALSE(checked.diagnostics[0].notes.empty());
  CHECK(checked.diagnostics[0].notes[0].range.line == 4);
}

TEST_CASE("after a thousand faults the rest is not listed") {
  proto::SourceFile file;
  file.set_path("a.nemo");
  std::string text = "nemo = 1\n";
  for (int i = 0; i < 3000; ++i)
    text += "workload w" + std::to_string(i) + " { exec = [\"/bin/w\"]; after = [q] }\n";
  file.set_text(text);
  const auto checked = check::check_texts({file}, {});
  CHECK(checked.diagnostics.size() == 1001);
  CHECK(ids(checked) == std::set<std::string>{"N0120", "N0307"});
}
