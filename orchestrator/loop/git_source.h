// Where a controller reads what is wanted: a branch, or the newest of some tags, of a git
// repository. Commits are read through libgit2 and never checked out. Fetching and the checking of
// signatures are done by git itself, with the keys, helpers and known hosts of who runs it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "llvm/Support/Error.h"

#include "intent/check/files.h"

namespace nemo::loop {

struct GitChoice {
  std::string repository; ///< a directory, or a URL that is fetched into `cache`
  std::string branch;     ///< or
  std::string tags;       ///< a pattern, "v*": the highest by version counts
  std::string cache;      ///< directory for a bare copy of a URL's repository
  bool signature = false; ///< only commits with a good one count
  std::string signers;    ///< ssh's allowed_signers file; empty: GnuPG and its keyring only
};

/// A commit that counts.
struct Wanted {
  std::string commit, subject;
  std::string reference; ///< "refs/heads/main"
  std::string source;    ///< who owns what is applied from here
  check::Files files;    ///< paths begin at the top of the repository
};

class GitSource {
public:
  static llvm::Expected<GitSource> open(GitChoice choice);
  GitSource(GitSource &&) noexcept;
  ~GitSource();

  /// Brings what is new; nothing to do for a directory. Waits for the network, up to a minute or
  /// so.
  llvm::Error fetch() const;
  /// \returns nothing when it is the commit `known`. An error for one without a good signature
  /// where that is required.
  llvm::Expected<std::optional<Wanted>> newest(llvm::StringRef known) const;

private:
  struct Opened;
  GitSource(GitChoice choice, std::shared_ptr<Opened> opened);
  llvm::Error check_signature(const std::string &commit) const;
  llvm::Expected<std::string> reference() const;
  GitChoice choice_;
  std::shared_ptr<Opened> opened_;
};

/// Whether `a` is the lower version: runs of digits count as numbers, "v9" before "v10".
bool lower_version(llvm::StringRef a, llvm::StringRef b);

} // namespace nemo::loop
