#include "orchestrator/loop/git_source.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/pattern.h"
#include "base/subprocess.h"
#include "orchestrator/git.h"
#include "orchestrator/git_handles.h"
#include "orchestrator/git_tree.h"

#include "llvm/ADT/ArrayRef.h"

namespace nemo::loop {

namespace {

namespace fs = std::filesystem;
using orchestrator::git_words;

bool is_url(llvm::StringRef text) {
  std::error_code ignored;
  if (fs::exists(text.str(), ignored))
    return false;
  const size_t colon = text.find(':');
  return text.contains("://") ||
         (colon != llvm::StringRef::npos && text.find('/') > colon); // host:path, as of scp
}

/// git, as a program, on this repository. Nothing that the repository's own settings name is run.
/// \returns the exit code.
llvm::Expected<int> git(std::vector<std::string> words) {
  std::vector<std::string> command{
      "git", "--no-replace-objects",     "-c", "protocol.ext.allow=never",
      "-c",  "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false",
      "-c",  "http.lowSpeedLimit=100",   "-c", "http.lowSpeedTime=30"};
  command.insert(command.end(), std::make_move_iterator(words.begin()),
                 std::make_move_iterator(words.end()));
  Subprocess::Options options;
  options.pipe_stdout = true;
  options.environment = {"GIT_TERMINAL_PROMPT=0", "LC_ALL=C"};
  if (std::getenv("GIT_SSH_COMMAND") == nullptr)
    options.environment.push_back(
        "GIT_SSH_COMMAND=ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10");
  auto running = Subprocess::start(command, options);
  if (!running)
    return running.takeError();
  running->read_stdout([](llvm::StringRef) { return true; });
  return running->wait();
}

} // namespace

bool lower_version(llvm::StringRef a, llvm::StringRef b) {
  return a.compare_numeric(b) < 0 || (a.compare_numeric(b) == 0 && a < b);
}

struct GitSource::Opened {
  orchestrator::GitLibrary library;
  orchestrator::GitRepository repository;
  std::string top, source;
};

GitSource::GitSource(GitChoice choice, std::shared_ptr<Opened> opened)
    : choice_(std::move(choice)), opened_(std::move(opened)) {}
GitSource::GitSource(GitSource &&) noexcept = default;
GitSource::~GitSource() = default;

llvm::Expected<GitSource> GitSource::open(GitChoice choice) {
  if (choice.branch.empty() == choice.tags.empty())
    return failure("name either a branch or a pattern of tags");
  const bool remote = is_url(choice.repository);
  if (choice.signature && find_program("git").empty())
    return failure("signatures are checked by git, which is not installed");
  if (remote) {
    if (choice.repository.starts_with("-"))
      return failure("'{}' is no address of a repository", choice.repository);
    if (choice.cache.empty())
      return failure("a repository that is fetched needs a directory to lie in");
    auto made = git({"init", "--quiet", "--bare", "--", choice.cache});
    if (!made)
      return made.takeError();
    if (*made != 0)
      return failure("git cannot make a repository in {}", choice.cache);
  }
  auto opened = std::make_shared<Opened>();
  git_repository *raw = nullptr;
  const std::string &where = remote ? choice.cache : choice.repository;
  // A directory is a repository of its own here, not a part of one further up.
  if (git_repository_open_ext(&raw, where.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr) != 0)
    return failure("'{}' is no git repository: {}", where, git_words());
  opened->repository.reset(raw);
  const char *work = git_repository_workdir(raw);
  std::error_code ignored;
  std::string top = fs::weakly_canonical(work ? work : git_repository_path(raw), ignored).string();
  while (top.size() > 1 && top.back() == '/')
    top.pop_back();
  opened->top = std::move(top);
  opened->source =
      remote ? orchestrator::without_credentials(choice.repository) : orchestrator::source_of(raw);
  if (opened->source.empty())
    opened->source = opened->top;
  if (!remote)
    choice.cache.clear();
  return GitSource(std::move(choice), std::move(opened));
}

llvm::Error GitSource::fetch() const {
  if (choice_.cache.empty())
    return llvm::Error::success();
  const std::string what = choice_.branch.empty()
                               ? "+refs/tags/*:refs/tags/*"
                               : fmt::format("+refs/heads/{0}:refs/heads/{0}", choice_.branch);
  auto done = git({"--git-dir", choice_.cache, "fetch", "--quiet", "--no-tags", "--prune",
                   "--no-write-fetch-head", "--", choice_.repository, what});
  if (!done)
    return done.takeError();
  if (*done != 0)
    return failure("git cannot fetch {} of {}",
                   choice_.branch.empty() ? "the tags" : "the branch " + choice_.branch,
                   opened_->source);
  return llvm::Error::success();
}

llvm::Expected<std::string> GitSource::reference() const {
  if (!choice_.branch.empty())
    return "refs/heads/" + choice_.branch;
  git_strarray list{};
  if (git_reference_list(&list, opened_->repository.get()) != 0)
    return failure("the tags of {} cannot be read: {}", opened_->source, git_words());
  std::string best;
  for (llvm::StringRef name : llvm::ArrayRef(list.strings, list.count)) {
    const std::string whole = name.str();
    if (name.consume_front("refs/tags/") && matches(choice_.tags, name) &&
        (best.empty() || lower_version(best, whole)))
      best = whole;
  }
  git_strarray_dispose(&list);
  if (best.empty())
    return failure("no tag of {} matches '{}'", opened_->source, choice_.tags);
  return best;
}

/// The repository's own settings say neither who may sign nor which program finds out.
llvm::Error GitSource::check_signature(const std::string &commit) const {
  const std::string signers = choice_.signers.empty() ? "/dev/null" : choice_.signers;
  auto good =
      git({"-c", "gpg.program=gpg", "-c", "gpg.openpgp.program=gpg", "-c", "gpg.x509.program=gpgsm",
           "-c", "gpg.ssh.program=ssh-keygen", "-c", "gpg.ssh.revocationFile=/dev/null", "-c",
           "gpg.ssh.allowedSignersFile=" + signers, "--git-dir",
           git_repository_path(opened_->repository.get()), "verify-commit", commit});
  if (!good)
    return good.takeError();
  if (*good != 0)
    return failure("the commit {} of {} has no signature of {}", commit.substr(0, 12),
                   opened_->source,
                   choice_.signers.empty() ? "somebody in the keyring of GnuPG"
                                           : "somebody whom " + choice_.signers + " names");
  return llvm::Error::success();
}

llvm::Expected<std::optional<Wanted>> GitSource::newest(llvm::StringRef known) const {
  auto name = reference();
  if (!name)
    return name.takeError();
  git_repository *repository = opened_->repository.get();
  git_reference *raw_reference = nullptr;
  if (git_reference_lookup(&raw_reference, repository, name->c_str()) != 0)
    return failure("{} has no {}: {}", opened_->source,
                   choice_.branch.empty() ? *name : "branch " + choice_.branch, git_words());
  const orchestrator::GitOwned<git_reference, git_reference_free> reference(raw_reference);
  git_object *raw = nullptr;
  if (git_reference_peel(&raw, raw_reference, GIT_OBJECT_COMMIT) != 0)
    return failure("{} of {} leads to no commit: {}", *name, opened_->source, git_words());
  // A commit is an object: this owns it.
  const orchestrator::GitCommit commit(reinterpret_cast<git_commit *>(raw));
  Wanted wanted;
  wanted.commit = orchestrator::git_id(*git_commit_id(commit.get()));
  if (wanted.commit == known)
    return std::nullopt;
  if (choice_.signature)
    if (llvm::Error error = check_signature(wanted.commit))
      return error;
  git_tree *raw_tree = nullptr;
  if (git_commit_tree(&raw_tree, commit.get()) != 0)
    return failure("the commit {} cannot be read: {}", wanted.commit, git_words());
  if (const char *subject = git_commit_summary(commit.get()))
    wanted.subject = subject;
  wanted.reference = std::move(*name);
  wanted.source = opened_->source;
  wanted.files = orchestrator::files_of(std::shared_ptr<git_repository>(opened_, repository),
                                        orchestrator::GitTree(raw_tree), opened_->top);
  return wanted;
}

} // namespace nemo::loop
