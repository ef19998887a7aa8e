#include "orchestrator/git.h"

#include <filesystem>
#include <memory>

#include <git2.h>

#include "llvm/ADT/Twine.h"

/// Debian's libgit2 reads the certificates of every authority that this machine trusts when it is
/// initialised: most of the time that `nemo plan` took, for connections that are never made through
/// it. It finds this in place of Mbed TLS's, trusts nobody, and would refuse every server.
extern "C" int mbedtls_x509_crt_parse_file(void *, const char *) { return 0; }

namespace nemo::orchestrator {

namespace {

namespace fs = std::filesystem;

/// libgit2 counts its users; the last one out frees it.
struct Library {
  Library() {
    git_libgit2_init();
    // The intent may lie in another user's checkout (a service account applies it). Nothing in it
    // is run, only read.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  }
  ~Library() { git_libgit2_shutdown(); }
};

template <typename T, void (*release)(T *)> struct Release {
  void operator()(T *thing) const { release(thing); }
};
template <typename T, void (*release)(T *)> using Owned = std::unique_ptr<T, Release<T, release>>;

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

bool is_clean(git_repository *repository) {
  git_status_options options = GIT_STATUS_OPTIONS_INIT;
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED; // a new .nemo file is part of the intent too
  git_status_list *raw = nullptr;
  if (git_status_list_new(&raw, repository, &options) != 0)
    return false;
  const Owned<git_status_list, git_status_list_free> list(raw);
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

Origin origin_of(const std::string &path) {
  std::error_code ignored;
  fs::path directory = path;
  if (!fs::is_directory(directory, ignored))
    directory = directory.has_parent_path() ? directory.parent_path() : fs::path(".");
  Origin origin;
  origin.source = full_path(directory);

  const Library library;
  git_repository *raw = nullptr;
  if (git_repository_open_ext(&raw, directory.c_str(), 0, nullptr) != 0)
    return origin;
  const Owned<git_repository, git_repository_free> repository(raw);
  if (const char *top = git_repository_workdir(raw); top != nullptr)
    origin.source = full_path(top);

  // The URL as it is recorded: what this user's `insteadOf` makes of it says nothing about the
  // owner.
  git_config *raw_config = nullptr;
  if (git_repository_config_snapshot(&raw_config, raw) == 0) {
    const Owned<git_config, git_config_free> config(raw_config);
    const char *url = nullptr;
    if (git_config_get_string(&url, raw_config, "remote.origin.url") == 0 && *url != 0)
      origin.source = without_credentials(url);
  }
  git_oid head;
  if (git_reference_name_to_id(&head, raw, "HEAD") == 0 && is_clean(raw)) {
    char text[GIT_OID_HEXSZ + 1];
    origin.commit = git_oid_tostr(text, sizeof text, &head);
  }
  return origin;
}

} // namespace nemo::orchestrator
