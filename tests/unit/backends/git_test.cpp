// What git says about an intent.
#include <catch2/catch.hpp>

#include "base/subprocess.h"
#include "faults.h"
#include "orchestrator/git.h"

using namespace nemo;
using orchestrator::origin_of;
using orchestrator::without_credentials;

TEST_CASE("credentials never leave a URL") {
  CHECK(without_credentials("https://ann:secret@host/x/y.git") == "https://host/x/y.git");
  CHECK(without_credentials("https://token@host") == "https://host");
  CHECK(without_credentials("https://a@b:c@host/p@q") == "https://host/p@q");
  CHECK(without_credentials("https://host/x.git") == "https://host/x.git");
  CHECK(without_credentials("git@host:x/y.git") == "host:x/y.git");
  CHECK(without_credentials("ssh://git@host:22/x.git") == "ssh://host:22/x.git");
  CHECK(without_credentials("/srv/git/x@y.git") == "/srv/git/x@y.git");
}

TEST_CASE("source and commit") {
  TemporaryDirectory directory;
  const std::string top = std::filesystem::canonical(directory.path).string();
  auto git = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-C", top, "-c", "user.name=t", "-c", "user.email=t@t"});
    auto output = run(words);
    REQUIRE(bool(output));
    REQUIRE(output->exit_code == 0);
    return llvm::StringRef(output->text).trim().str();
  };
  Variable no_parent("GIT_CEILING_DIRECTORIES", std::filesystem::path(top).parent_path().string());
  std::filesystem::create_directory(top + "/shop");
  std::ofstream(top + "/shop/shop.nemo") << "nemo = 1\n";

  CHECK(origin_of(top + "/shop").source == top + "/shop"); // no git: the directory itself
  CHECK_FALSE(origin_of(top + "/shop").commit);

  git({"init", "-q"});
  CHECK(origin_of(top + "/shop/shop.nemo").source == top);
  CHECK_FALSE(origin_of(top + "/shop").commit); // nothing is committed

  git({"add", "."});
  git({"commit", "-q", "-m", "one"});
  CHECK(origin_of(top + "/shop").commit == git({"rev-parse", "HEAD"}));

  std::ofstream(top + "/shop/new.nemo") << "\n";
  CHECK_FALSE(origin_of(top + "/shop").commit); // a file that git does not know is part of the tree

  git({"remote", "add", "origin", "https://ann:pw@example.org/shop.git"});
  CHECK(origin_of(top + "/shop").source == "https://example.org/shop.git");
}
