// A commit's tree read as a directory, and where two sides of a merge disagree.
#include <catch2/catch.hpp>

#include "base/subprocess.h"
#include "faults.h"
#include "intent/check/check.h"
#include "orchestrator/merge.h"

using namespace nemo;
using orchestrator::Merge;
using orchestrator::merge_in_memory;

namespace {

struct Repository : TemporaryDirectory {
  Repository() : top(std::filesystem::canonical(path).string()) {
    git({"init", "-q", "-b", "main"});
  }
  std::string git(std::vector<std::string> words) const {
    words.insert(words.begin(), {"git", "-C", top, "-c", "user.name=t", "-c", "user.email=t@t"});
    auto output = run(words);
    REQUIRE(bool(output));
    REQUIRE(output->exit_code == 0);
    return output->text;
  }
  void write(const std::string &name, const std::string &text) const {
    std::filesystem::create_directories(std::filesystem::path(top + "/" + name).parent_path());
    std::ofstream(top + "/" + name, std::ios::binary) << text;
  }
  void commit(const std::string &branch) const {
    git({"add", "-A"});
    git({"commit", "-q", "--allow-empty", "-m", branch});
  }
  void branch(const std::string &name) const { git({"checkout", "-q", "-b", name}); }
  void go(const std::string &name) const { git({"checkout", "-q", name}); }
  std::string top;
};

std::string lines(int from, int to, const std::string &what = "line") {
  std::string text;
  for (int i = from; i <= to; ++i)
    text += what + " " + std::to_string(i) + "\n";
  return text;
}

/// "3-4|5-5" for each conflict: lines of ours, lines of theirs.
std::vector<std::string> conflicts(const std::string &base, const std::string &ours,
                                   const std::string &theirs) {
  Repository repository;
  repository.write("f", base);
  repository.commit("base");
  repository.branch("topic");
  repository.write("f", theirs);
  repository.commit("theirs");
  repository.go("main");
  repository.write("f", ours);
  repository.commit("ours");
  const Merge merge = merge_in_memory(repository.top, "main..topic");
  std::vector<std::string> found;
  for (const Diagnostic &fault : merge.diagnostics) {
    REQUIRE(fault.id == "N0832");
    CHECK(fault.file == "main:f");
    auto text = [](const SourceRange &range) {
      return std::to_string(range.line) + "-" + std::to_string(range.end_line);
    };
    REQUIRE(fault.notes.size() == 1);
    found.push_back(text(fault.range) + "|" + text(fault.notes[0].range));
  }
  CHECK(merge.after.has_value() == found.empty());
  return found;
}

} // namespace

TEST_CASE("conflicts are found on the lines where they are") {
  const std::string base = lines(1, 20);
  using Found = std::vector<std::string>;
  // Changes apart from each other do not conflict.
  CHECK(conflicts(base, lines(1, 3) + "ours\n" + lines(5, 20),
                  lines(1, 17) + "theirs\n" + lines(19, 20))
            .empty());
  // The same change on both sides does not, either.
  CHECK(conflicts(base, lines(1, 3) + "x\n" + lines(5, 20), lines(1, 3) + "x\n" + lines(5, 20))
            .empty());
  CHECK(conflicts(base, lines(1, 3) + "ours\n" + lines(5, 20),
                  lines(1, 3) + "theirs\n" + lines(5, 20)) == Found{"4-4|4-4"});
  // Lines that one side added above count on that side.
  CHECK(conflicts(base, "new\nnew\n" + lines(1, 9) + "ours\nours\n" + lines(11, 20),
                  lines(1, 9) + "theirs\n" + lines(11, 20)) == Found{"12-13|10-10"});
  // Two places, and one side deletes what the other changes.
  CHECK(conflicts(base, lines(1, 2) + "a\n" + lines(4, 14) + lines(16, 20),
                  lines(1, 2) + "b\n" + lines(4, 14) + "c\n" + lines(16, 20)) ==
        Found{"3-3|3-3", "15-15|15-15"});
  // Without a line end at the end, and in an empty file.
  CHECK(conflicts("one\ntwo", "one\nours", "one\ntheirs") == Found{"2-2|2-2"});
  CHECK(conflicts("one\n", "", "two\n") == Found{"1-1|1-1"});
}

TEST_CASE("a tree is read as the directory that it is") {
  Repository repository;
  repository.write("shop/a.nemo",
                   "nemo = 1\nimport \"../lib\"\nworkload w { exec = [\"/bin/w\"]; mount { "
                   "source = \"app\"; target = \"/app\" } }\n");
  repository.write("lib/b.nemo", "policy p { deny node.class == device }\n");
  repository.write("real/main.py", "print(1)");
  std::filesystem::permissions(repository.top + "/real/main.py", std::filesystem::perms::owner_all);
  std::filesystem::create_symlink("../real", repository.top + "/shop/app");
  std::filesystem::create_symlink("main.py", repository.top + "/real/again.py");
  repository.commit("one");
  const Merge merge = merge_in_memory(repository.top + "/shop", "HEAD..HEAD");
  REQUIRE(merge.after);
  CHECK(merge.path == "shop");
  const check::Checked in_commit = check::check_path(merge.path, *merge.after, "x:");
  const check::Checked on_disk = check::check_path(repository.top + "/shop");
  REQUIRE(in_commit.diagnostics.empty());
  REQUIRE(on_disk.diagnostics.empty());
  CHECK(in_commit.intent.SerializeAsString() == on_disk.intent.SerializeAsString());
  CHECK(in_commit.intent.artifacts(0).files_size() == 2);
  CHECK(in_commit.displays[0] == "x:shop/a.nemo");
}

TEST_CASE("nothing leads out of a tree") {
  Repository repository;
  repository.write("in/file", "x");
  for (const auto &[name, target] : std::map<std::string, std::string>{{"up", "../.."},
                                                                       {"etc", "/etc"},
                                                                       {"round", "round"},
                                                                       {"loop/a", "b"},
                                                                       {"loop/b", "a"},
                                                                       {"inside", "in/../in"},
                                                                       {"through", "in/file/x"}}) {
    std::filesystem::create_directories(
        std::filesystem::path(repository.top + "/" + name).parent_path());
    std::filesystem::create_symlink(target, repository.top + "/" + name);
  }
  repository.commit("links");
  const Merge merge = merge_in_memory(repository.top, "main..");
  REQUIRE(merge.after);
  const check::Files &files = *merge.after;
  CHECK(files.real("inside/file") == repository.top + "/in/file");
  CHECK(files.real(repository.top + "/inside/file") == repository.top + "/in/file");
  CHECK_FALSE(check::inside(files.repository("."), files.real("up/x")));
  CHECK_FALSE(check::inside(files.repository("."), files.real("../x")));
  CHECK_FALSE(check::inside(files.repository("."), files.real("in/../../x")));
  CHECK(files.real("etc") == "/etc");
  for (const char *nowhere :
       {"round", "loop/a", "through", "in/file/x", "no", "in/no", "/etc/passwd", "../x"})
    CHECK(files.info(nowhere).kind == check::FileInfo::Kind::none);
  CHECK(files.info("in/file").size == 1);
  auto content = files.read("in");
  CHECK_FALSE(bool(content));
  llvm::consumeError(content.takeError());
  auto listed = files.list("in/file", 10);
  CHECK_FALSE(bool(listed));
  llvm::consumeError(listed.takeError());
}

TEST_CASE("what git does not know is said in its own id") {
  Repository repository;
  repository.commit("one");
  auto id = [&](const char *range) {
    const Merge merge = merge_in_memory(repository.top, range);
    return merge.diagnostics.empty() ? "" : merge.diagnostics[0].id;
  };
  CHECK(id("main..main") == "");
  CHECK(id("main..nope") == "N0831");
  CHECK(id("main...main") == "N0831");
  CHECK(id("a..b..c") == "N0831");
  CHECK(id("") == "N0831");
  CHECK(id("..") == "N0831");
  TemporaryDirectory bare;
  Variable no_parent("GIT_CEILING_DIRECTORIES",
                     std::filesystem::path(bare.path).parent_path().string());
  CHECK(merge_in_memory(bare.path, "a..b").diagnostics[0].id == "N0830");
}
