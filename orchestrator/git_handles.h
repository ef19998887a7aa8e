// Owners of libgit2's objects, so that none is leaked on the way out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <git2.h>

namespace nemo::orchestrator {

/// libgit2 counts its users; the last one out frees it.
struct GitLibrary {
  GitLibrary() {
    git_libgit2_init();
    // The intent may lie in another user's checkout (a service account applies it). Nothing in it
    // is run, only read.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  }
  GitLibrary(const GitLibrary &) = delete;
  GitLibrary &operator=(const GitLibrary &) = delete;
  ~GitLibrary() { git_libgit2_shutdown(); }
};

template <typename T, void (*release)(T *)> struct GitRelease {
  void operator()(T *thing) const { release(thing); }
};
template <typename T, void (*release)(T *)>
using GitOwned = std::unique_ptr<T, GitRelease<T, release>>;

using GitRepository = GitOwned<git_repository, git_repository_free>;
using GitTree = GitOwned<git_tree, git_tree_free>;
using GitBlob = GitOwned<git_blob, git_blob_free>;
using GitCommit = GitOwned<git_commit, git_commit_free>;
using GitObject = GitOwned<git_object, git_object_free>;

inline std::string git_id(const git_oid &id) {
  char text[GIT_OID_HEXSZ + 1];
  return git_oid_tostr(text, sizeof text, &id);
}

/// What libgit2 said last, in its own words.
inline std::string git_words() {
  const git_error *error = git_error_last();
  return error != nullptr && error->message != nullptr ? error->message : "no reason was given";
}

/// HEAD, branches, the remotes' branches, tags.
std::vector<std::string> commit_names(git_repository *repository);

/// The owner that a stack is recorded with: origin's URL, else the top directory, else "".
std::string source_of(git_repository *repository);

} // namespace nemo::orchestrator
