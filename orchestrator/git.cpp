#include "orchestrator/git.h"

#include <filesystem>
#include <memory>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Twine.h"

#include "orchestrator/git_handles.h"

/// Debian's libgit2 reads the certificates of every authority that this machine trusts when it is
/// initialised: most of the time that `nemo plan` took, for connections that are never made through
/// it. It finds this in place of Mbed TLS's, trusts nobody, and would refuse every server.
extern "C" int mbedtls_x509_crt_parse_file(void *, const char *) { return 0; }

namespace nemo::orchestrator {

namespace {

namespace fs = std::filesystem;

std::string full_path(const fs::path &path) {
  std::error_code ignored;
  fs::path result = fs::weakly_canonical(path, ignored);
  if (ignored)
    result = fs::absolute(path, ignored);
  std::string text = result.string();
  while (text.size() > 1 && text.back() == '/')
    text.pop_back();
  return text;
}

fs::path directory_of(const fs::path &path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    return path;
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

bool is_clean(git_repository *repository) {
  git_status_options options = GIT_STATUS_OPTIONS_INIT;
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED; // a new .nemo file is part of the intent too
  git_status_list *raw = nullptr;
  if (git_status_list_new(&raw, repository, &options) != 0)
    return false;
  const GitOwned<git_status_list, git_status_list_free> list(raw);
  return git_status_list_entrycount(raw) == 0;
}

} // namespace

std::string without_credentials(llvm::StringRef url) {
  const auto [scheme, rest] = url.split("://");
  if (!rest.empty() || url.contains("://")) {
    const auto [authority, path] = rest.split('/');
    const size_t at = authority.rfind('@');
    const llvm::StringRef host = at == llvm::StringRef::npos ? authority : authority.substr(at + 1);
    return (llvm::Twine(scheme) + "://" + host + (rest.contains('/') ? "/" : "") + path).str();
  }
  // The scp form: user@host:path. A path may hold '@' too, but only after a '/' or the ':'.
  const size_t at = url.find('@');
  if (at != llvm::StringRef::npos && at < url.find_first_of(":/") && url.contains(':'))
    return url.substr(at + 1).str();
  return url.str();
}

std::string source_of(git_repository *repository) {
  // The URL as it is recorded: what this user's `insteadOf` makes of it says nothing about the
  // owner.
  git_config *raw = nullptr;
  if (git_repository_config_snapshot(&raw, repository) == 0) {
    const GitOwned<git_config, git_config_free> config(raw);
    const char *url = nullptr;
    if (git_config_get_string(&url, raw, "remote.origin.url") == 0 && *url != 0)
      return without_credentials(url);
  }
  const char *top = git_repository_workdir(repository);
  return top != nullptr ? full_path(top) : std::string();
}

std::vector<std::string> commit_names(git_repository *repository) {
  std::vector<std::string> names{"HEAD"};
  git_strarray list{};
  if (git_reference_list(&list, repository) != 0)
    return names;
  for (llvm::StringRef name : llvm::ArrayRef(list.strings, list.count))
    for (llvm::StringRef kind : {"refs/heads/", "refs/remotes/", "refs/tags/"})
      if (name.consume_front(kind)) {
        names.push_back(name.str());
        break;
      }
  git_strarray_dispose(&list);
  return names;
}

std::vector<std::string> commit_names(const std::string &path) {
  const GitLibrary library;
  git_repository *raw = nullptr;
  if (git_repository_open_ext(&raw, directory_of(path).c_str(), 0, nullptr) != 0)
    return {};
  const GitRepository repository(raw);
  return commit_names(raw);
}

Origin origin_of(const std::string &path) {
  const fs::path directory = directory_of(path);
  Origin origin;
  origin.source = full_path(directory);

  const GitLibrary library;
  git_repository *raw = nullptr;
  if (git_repository_open_ext(&raw, directory.c_str(), 0, nullptr) != 0)
    return origin;
  const GitRepository repository(raw);
  if (std::string source = source_of(raw); !source.empty())
    origin.source = std::move(source);
  git_oid head;
  if (git_reference_name_to_id(&head, raw, "HEAD") == 0 && is_clean(raw))
    origin.commit = git_id(head);
  return origin;
}

} // namespace nemo::orchestrator
