#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/subprocess.h"
#include "intent/check/check.h"
#include "orchestrator/loop/git_source.h"

namespace nemo::loop {

namespace {

namespace fs = std::filesystem;

struct Place {
  Place() {
    std::string name = (fs::temp_directory_path() / "nemo-test-XXXXXX").string();
    path = fs::canonical(::mkdtemp(name.data())).string();
    top = path + "/repo";
    fs::create_directory(top);
    git({"init", "-q", "-b", "main"});
  }
  ~Place() { fs::remove_all(path); }
  std::string git(std::vector<std::string> words) const {
    std::vector<std::string> all{"git", "-C", top, "-c", "user.name=t", "-c", "user.email=t@t"};
    all.insert(all.end(), words.begin(), words.end());
    auto output = run(all);
    REQUIRE(bool(output));
    REQUIRE(output->exit_code == 0);
    return llvm::StringRef(output->text).trim().str();
  }
  std::string commit(const std::string &replicas, std::vector<std::string> more = {}) const {
    std::ofstream(top + "/shop.nemo")
        << "nemo = 1\nworkload web { replicas = " << replicas << "; exec = [\"/bin/true\"] }\n";
    git({"add", "-A"});
    std::vector<std::string> words{
        "-c", "gpg.format=ssh",  "-c", "user.signingkey=" + path + "/key", "commit", "-q",
        "-m", "with " + replicas};
    words.insert(words.end(), more.begin(), more.end());
    git(words);
    return git({"rev-parse", "HEAD"});
  }
  /// An ssh key, and the line that lets it sign.
  std::string key(const std::string &name) const {
    auto made = run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path + "/" + name});
    REQUIRE(bool(made));
    REQUIRE(made->exit_code == 0);
    std::ifstream in(path + "/" + name + ".pub");
    std::string line;
    std::getline(in, line);
    return "t@t " + line + "\n";
  }
  GitChoice branch(const std::string &name) const {
    GitChoice choice;
    choice.repository = top;
    choice.branch = name;
    return choice;
  }
  std::string path, top;
};

GitSource opened(GitChoice choice) {
  auto source = GitSource::open(std::move(choice));
  if (!source)
    FAIL(llvm::toString(source.takeError()));
  return std::move(*source);
}

Wanted wanted(const GitSource &source, const std::string &known = {}) {
  auto newest = source.newest(known);
  if (!newest)
    FAIL(llvm::toString(newest.takeError()));
  REQUIRE(newest->has_value());
  return std::move(**newest);
}

std::string refused(const GitSource &source) {
  auto newest = source.newest("");
  REQUIRE(!newest);
  return llvm::toString(newest.takeError());
}

} // namespace

TEST_CASE("a branch is followed, whatever lies in the work tree") {
  Place place;
  const std::string first = place.commit("1");
  const GitSource source = opened(place.branch("main"));
  const Wanted one = wanted(source);
  CHECK(one.commit == first);
  CHECK(one.subject == "with 1");
  CHECK(one.source == place.top);
  std::ofstream(place.top + "/shop.nemo") << "not committed";
  const check::Checked checked = check::check_path(".", one.files);
  CHECK(checked.diagnostics.empty());
  REQUIRE(checked.intent.workloads_size() == 1);
  auto same = source.newest(first);
  REQUIRE(bool(same));
  CHECK_FALSE(same->has_value());
  const std::string second = place.commit("2");
  CHECK(wanted(source, first).commit == second);
  CHECK_THAT(refused(opened(place.branch("other"))), Catch::Contains("has no branch other"));
}

TEST_CASE("of the tags that match, the highest version counts") {
  CHECK(lower_version("v9", "v10"));
  CHECK(lower_version("v1.9.3", "v1.10.0"));
  CHECK_FALSE(lower_version("v2", "v2"));
  Place place;
  place.commit("1");
  place.git({"tag", "v1.10"});
  place.commit("2");
  place.git({"tag", "-a", "-m", "annotated", "v1.9"});
  place.git({"tag", "other-99"});
  GitChoice choice;
  choice.repository = place.top;
  choice.tags = "v*";
  CHECK(wanted(opened(choice)).subject == "with 1");
  place.git({"tag", "-a", "-m", "annotated", "v2.0"});
  CHECK(wanted(opened(choice)).subject == "with 2");
  choice.tags = "release-*";
  CHECK_THAT(refused(opened(choice)), Catch::Contains("no tag of"));
}

TEST_CASE("a URL is fetched into a copy of its own, and only when asked") {
  Place place;
  const std::string first = place.commit("1");
  GitChoice choice = place.branch("main");
  choice.repository = "file://" + place.top;
  choice.cache = place.path + "/cache";
  const GitSource source = opened(choice);
  CHECK_THAT(refused(source), Catch::Contains("has no branch main"));
  REQUIRE_FALSE(bool(source.fetch()));
  CHECK(wanted(source).commit == first);
  CHECK(wanted(source).source == "file://" + place.top);
  const std::string second = place.commit("2", {"--amend"}); // history may be written anew
  auto same = source.newest(first);
  REQUIRE(bool(same));
  CHECK_FALSE(same->has_value());
  REQUIRE_FALSE(bool(source.fetch()));
  CHECK(wanted(source, first).commit == second);
  fs::remove_all(place.top);
  CHECK_THAT(llvm::toString(source.fetch()), Catch::Contains("git cannot fetch"));
  CHECK(wanted(source).commit == second); // what is known stays
}

TEST_CASE("where signatures are required, only those of who may sign count") {
  Place place;
  const std::string ours = place.key("key"), theirs = place.key("stranger");
  const std::string signers = place.path + "/signers";
  std::ofstream(signers) << ours;
  GitChoice choice = place.branch("main");
  choice.signature = true;
  choice.signers = signers;
  place.commit("1");
  CHECK_THAT(refused(opened(choice)), Catch::Contains("has no signature of somebody whom"));
  const std::string good = place.commit("2", {"-S"});
  CHECK(wanted(opened(choice)).commit == good);
  std::ofstream(signers) << theirs;
  CHECK_THAT(refused(opened(choice)), Catch::Contains("has no signature"));
  // The repository may not name its own signers, nor the program that looks.
  std::ofstream(place.path + "/all") << ours << theirs;
  place.git({"config", "gpg.ssh.allowedSignersFile", place.path + "/all"});
  place.git({"config", "gpg.ssh.program", "/bin/true"});
  place.git({"config", "gpg.program", "/bin/true"});
  CHECK_THAT(refused(opened(choice)), Catch::Contains("has no signature"));
  choice.signers.clear();
  CHECK_THAT(refused(opened(choice)), Catch::Contains("in the keyring of GnuPG"));
}

TEST_CASE("what cannot be followed is refused at once") {
  Place place;
  auto why = [](GitChoice choice) {
    auto source = GitSource::open(std::move(choice));
    REQUIRE(!source);
    return llvm::toString(source.takeError());
  };
  CHECK_THAT(why({}), Catch::Contains("either a branch or a pattern"));
  GitChoice both = place.branch("main");
  both.tags = "v*";
  CHECK_THAT(why(both), Catch::Contains("either a branch or a pattern"));
  GitChoice nowhere = place.branch("main");
  nowhere.repository = place.path;
  CHECK_THAT(why(nowhere), Catch::Contains("is no git repository"));
  nowhere.repository = "https://git.example/x.git";
  CHECK_THAT(why(nowhere), Catch::Contains("needs a directory"));
}

} // namespace nemo::loop
