#include "orchestrator/merge.h"

#include <filesystem>

#include <fmt/format.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

#include "base/diagnostics/registry.h"
#include "intent/check/load.h"
#include "orchestrator/conflicts.h"
#include "orchestrator/git_tree.h"
#include "llvm/ADT/StringExtras.h"

namespace nemo::orchestrator {

namespace {

namespace fs = std::filesystem;

struct Opened { // what is opened last is closed first
  GitLibrary library;
  GitRepository repository;
};

/// New objects go to memory. libgit2 would also renew the time stamp of an object that is there
/// already; not even that is done.
bool write_to_memory(git_repository *repository) {
  git_odb *raw = nullptr;
  if (git_repository_odb(&raw, repository) != 0)
    return false;
  const GitOwned<git_odb, git_odb_free> odb(raw);
  for (size_t i = 0; i < git_odb_num_backends(raw); ++i) {
    git_odb_backend *backend = nullptr;
    if (git_odb_get_backend(&backend, raw, i) != 0)
      return false;
    backend->write = nullptr;
    backend->writestream = nullptr;
    backend->writepack = nullptr;
    backend->freshen = nullptr;
  }
  git_odb_backend *memory = nullptr;
  constexpr int first = 999;
  return git_mempack_new(&memory) == 0 && git_odb_add_backend(raw, memory, first) == 0;
}

class Merger {
public:
  Merger(const std::string &path, llvm::StringRef range) : path_(path), range_(range) {}

  Merge run() {
    if (open() && names() && (into_ = commit(merge_.into)) && (from_ = commit(merge_.from)))
      merge();
    return std::move(merge_);
  }

private:
  bool fail(const diag::Entry &entry, std::string message, std::string fix = {},
            std::vector<std::string> notes = {}) {
    Diagnostic fault = diag::make(entry, std::move(message));
    for (std::string &note : notes)
      fault.notes.push_back({std::move(note), {}, {}});
    fault.fix = std::move(fix);
    merge_.diagnostics.push_back(std::move(fault));
    return false;
  }

  bool open() {
    std::error_code ignored;
    fs::path start = fs::absolute(path_, ignored).lexically_normal();
    while (!fs::is_directory(start, ignored) && start.has_relative_path())
      start = start.parent_path(); // another branch may have the directory, and this one not
    const auto opened = std::make_shared<Opened>();
    git_repository *raw = nullptr;
    if (git_repository_open_ext(&raw, start.c_str(), 0, nullptr) != 0)
      return fail(diag::N0830, fmt::format("'{}' is in no git repository", path_),
                  "run this inside a clone, or leave out --ref", {git_words()});
    opened->repository.reset(raw);
    repository_ = std::shared_ptr<git_repository>(opened, raw);
    if (!write_to_memory(raw))
      return fail(diag::N0836, "cannot open the objects of the repository", "", {git_words()});
    const char *work = git_repository_workdir(raw);
    const fs::path top = fs::weakly_canonical(work ? work : git_repository_path(raw), ignored);
    top_ = top.has_filename() ? top.string() : top.parent_path().string();
    merge_.source = source_of(raw);
    if (merge_.source.empty())
      merge_.source = top_;
    merge_.path =
        fs::weakly_canonical(fs::absolute(path_), ignored).lexically_relative(top_).string();
    return true;
  }

  bool names() {
    const auto [into, from] = range_.split("..");
    merge_.into.name = into.empty() ? "HEAD" : into.str();
    merge_.from.name = from.empty() ? "HEAD" : from.str();
    if (range_.contains("..") && range_ != ".." && !from.startswith(".") && !from.contains(".."))
      return true;
    llvm::StringRef rest = from;
    while (rest.consume_front("."))
      ;
    return fail(
        diag::N0831,
        fmt::format("'{}' is not of the form A..B: what merging B into A gives", range_.str()),
        range_.contains("..") && !rest.empty()
            ? fmt::format("--ref {}..{}", merge_.into.name, rest.split("..").first.str())
            : "--ref main..HEAD");
  }

  GitCommit commit(Commit &side) {
    git_object *raw = nullptr;
    const int code = git_revparse_single(&raw, repository_.get(), side.name.c_str());
    const GitObject object(raw);
    git_object *peeled = nullptr;
    if (code != 0 || git_object_peel(&peeled, raw, GIT_OBJECT_COMMIT) != 0) {
      unknown(side.name, code);
      return nullptr;
    }
    GitCommit found(reinterpret_cast<git_commit *>(peeled));
    side.id = git_id(*git_commit_id(found.get()));
    if (const char *subject = git_commit_summary(found.get()); subject != nullptr)
      side.subject = subject;
    return found;
  }

  void unknown(const std::string &name, int code) {
    if (code == GIT_EAMBIGUOUS) {
      fail(diag::N0831, fmt::format("'{}' could be several commits", name), "write more of its id");
      return;
    }
    const std::vector<std::string> known = commit_names(repository_.get());
    std::optional<std::string> meant;
    for (const std::string &other : known) // only the remote's branch was fetched, as CI does
      if (!meant && llvm::StringRef(other).endswith("/" + name))
        meant = other;
    if (!meant)
      meant = did_you_mean(name, known);
    fail(diag::N0831, fmt::format("there is no commit '{}' here", name),
         meant ? fmt::format("did you mean {}?", *meant) : "git branch --all lists the branches");
  }

  bool no_ancestor(bool shallow) {
    return fail(diag::N0833,
                fmt::format("{} and {} have no common ancestor{}", merge_.into.name,
                            merge_.from.name, shallow ? " in this shallow clone" : ""),
                shallow ? "fetch more of the history: git fetch --unshallow"
                        : "git would refuse to merge them, too");
  }

  bool merge() {
    git_oid base;
    git_repository *repository = repository_.get();
    const git_oid *into = git_commit_id(into_.get()), *from = git_commit_id(from_.get());
    const int code = git_merge_base(&base, repository, into, from);
    const bool shallow = git_repository_is_shallow(repository) == 1;
    if (code == GIT_ENOTFOUND || (code != 0 && shallow))
      return no_ancestor(shallow);
    size_t behind = 0;
    if (code == 0)
      git_graph_ahead_behind(&merge_.commits, &behind, repository, from, into);
    git_merge_options options = GIT_MERGE_OPTIONS_INIT;
    git_index *raw = nullptr;
    if (code != 0 || git_merge_commits(&raw, repository, into_.get(), from_.get(), &options) != 0)
      return shallow
                 ? no_ancestor(shallow)
                 : fail(diag::N0836,
                        fmt::format("cannot merge {} into {}", merge_.from.name, merge_.into.name),
                        "", {git_words()});
    const GitOwned<git_index, git_index_free> index(raw);
    if (git_index_has_conflicts(raw) == 1) {
      report_conflicts(merge_, repository, raw);
      return false;
    }
    git_oid tree;
    git_tree *before = nullptr, *after = nullptr;
    if (git_commit_tree(&before, into_.get()) != 0)
      return fail(diag::N0836, "cannot read a commit", "", {git_words()});
    GitTree before_owner(before);
    if (git_index_write_tree_to(&tree, raw, repository) != 0 ||
        git_tree_lookup(&after, repository, &tree) != 0)
      return fail(diag::N0836, "cannot read what the merge gives", "", {git_words()});
    merge_.before = files_of(repository_, std::move(before_owner), top_);
    merge_.after = files_of(repository_, GitTree(after), top_);
    find_path();
    return true;
  }

  /// A path that leads nowhere from here may be meant from the top of the repository.
  void find_path() {
    auto there = [&](const std::string &path) {
      return merge_.before->info(path).kind != check::FileInfo::Kind::none ||
             merge_.after->info(path).kind != check::FileInfo::Kind::none;
    };
    const std::string plain = fs::path(path_).lexically_normal().string();
    if (!there(merge_.path) && fs::path(path_).is_relative() && there(plain))
      merge_.path = plain;
  }

  const std::string &path_;
  const llvm::StringRef range_;
  Merge merge_;
  std::shared_ptr<git_repository> repository_;
  std::string top_;
  GitCommit into_, from_;
};

} // namespace

Merge merge_in_memory(const std::string &path, llvm::StringRef range) {
  return Merger(path, range).run();
}

} // namespace nemo::orchestrator
