#include "orchestrator/git_tree.h"

#include <deque>
#include <optional>

#include "base/error.h"
#include "intent/check/load.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Path.h"

namespace nemo::orchestrator {

namespace {

using check::FileInfo;

class Tree {
public:
  Tree(std::shared_ptr<git_repository> repository, GitTree tree, std::string top)
      : repository_(std::move(repository)), tree_(std::move(tree)), top_(std::move(top)) {}

  struct Found {
    std::string real; ///< "" when nothing is there
    git_filemode_t mode = GIT_FILEMODE_UNREADABLE;
    git_oid id{};
  };

  Found find(llvm::StringRef path) const {
    std::deque<std::string> left;
    if (!push(left, path))
      return {path.str()};
    std::vector<std::string> done;
    Found found{top_, GIT_FILEMODE_TREE, *git_tree_id(tree_.get())};
    for (int links = 0; !left.empty();) {
      const std::string part = std::move(left.front());
      left.pop_front();
      if (part.empty() || part == ".")
        continue;
      if (found.mode != GIT_FILEMODE_TREE)
        return {};
      if (part == "..") {
        if (done.empty())
          return outside(left);
        done.pop_back();
        const auto up = entry(done);
        if (!up)
          return {};
        found = *up;
        continue;
      }
      done.push_back(part);
      const auto here = entry(done);
      if (!here)
        return {};
      found = *here;
      if (found.mode != GIT_FILEMODE_LINK)
        continue;
      const auto target = blob(found.id);
      if (!target || target->size() > 4096 || ++links > 40)
        return {};
      if (!push(left, *target))
        return {*target};
      done.pop_back();
      if (llvm::StringRef(*target).startswith("/"))
        done.clear();
      const auto back = entry(done);
      if (!back)
        return {};
      found = *back;
    }
    return found;
  }

  FileInfo info(const std::string &path) const {
    const Found found = find(path);
    FileInfo result;
    size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    switch (found.mode) {
    case GIT_FILEMODE_UNREADABLE:
      break;
    case GIT_FILEMODE_TREE:
      result.kind = FileInfo::Kind::directory;
      break;
    case GIT_FILEMODE_BLOB:
    case GIT_FILEMODE_BLOB_EXECUTABLE:
      result.kind = FileInfo::Kind::file;
      result.executable = found.mode == GIT_FILEMODE_BLOB_EXECUTABLE;
      if (header(found.id, size, type))
        result.size = size;
      break;
    default: // a submodule
      result.kind = FileInfo::Kind::other;
    }
    return result;
  }

  llvm::Expected<std::vector<std::string>> list(const std::string &path, size_t limit) const {
    const Found found = find(path);
    git_tree *raw = nullptr;
    if (found.mode != GIT_FILEMODE_TREE || git_tree_lookup(&raw, repository_.get(), &found.id) != 0)
      return failure("cannot read the directory {} of the commit", path);
    const GitTree tree(raw);
    std::vector<std::string> names;
    for (size_t i = 0; i < git_tree_entrycount(raw) && names.size() <= limit; ++i)
      names.push_back(git_tree_entry_name(git_tree_entry_byindex(raw, i)));
    return names;
  }

  llvm::Expected<std::string> read(const std::string &path) const {
    const Found found = find(path);
    const bool file = found.mode == GIT_FILEMODE_BLOB || found.mode == GIT_FILEMODE_BLOB_EXECUTABLE;
    if (!file)
      return failure("cannot read {}: there is no such file in the commit", path);
    auto content = blob(found.id);
    if (!content)
      return failure("cannot read {} of the commit: {}", path, git_words());
    return std::move(*content);
  }

  const std::string &top() const { return top_; }

private:
  /// Puts the parts of `path` before what is left. \returns false when it is outside of the tree.
  bool push(std::deque<std::string> &left, llvm::StringRef path) const {
    if (path.startswith("/")) {
      if (!check::inside(top_, path))
        return false;
      path = path.drop_front(top_.size());
    }
    llvm::SmallVector<llvm::StringRef, 8> parts;
    path.split(parts, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part)
      left.push_front(part->str());
    return true;
  }

  Found outside(const std::deque<std::string> &left) const {
    if (top_ == "/")
      return {};
    return {check::join(llvm::sys::path::parent_path(top_), llvm::join(left, "/"))};
  }

  std::optional<Found> entry(const std::vector<std::string> &parts) const {
    if (parts.empty())
      return Found{top_, GIT_FILEMODE_TREE, *git_tree_id(tree_.get())};
    const std::string path = llvm::join(parts, "/");
    git_tree_entry *raw = nullptr;
    if (git_tree_entry_bypath(&raw, tree_.get(), path.c_str()) != 0)
      return std::nullopt;
    const GitOwned<git_tree_entry, git_tree_entry_free> owner(raw);
    return Found{(top_ == "/" ? "" : top_) + "/" + path, git_tree_entry_filemode(raw),
                 *git_tree_entry_id(raw)};
  }

  bool header(const git_oid &id, size_t &size, git_object_t &type) const {
    git_odb *raw = nullptr;
    if (git_repository_odb(&raw, repository_.get()) != 0)
      return false;
    const GitOwned<git_odb, git_odb_free> odb(raw);
    return git_odb_read_header(&size, &type, raw, &id) == 0;
  }

  std::optional<std::string> blob(const git_oid &id) const {
    git_blob *raw = nullptr;
    if (git_blob_lookup(&raw, repository_.get(), &id) != 0)
      return std::nullopt;
    const GitBlob owner(raw);
    return std::string(static_cast<const char *>(git_blob_rawcontent(raw)),
                       static_cast<size_t>(git_blob_rawsize(raw)));
  }

  std::shared_ptr<git_repository> repository_;
  GitTree tree_;
  std::string top_;
};

} // namespace

check::Files files_of(std::shared_ptr<git_repository> repository, GitTree given, std::string top) {
  const auto tree = std::make_shared<Tree>(std::move(repository), std::move(given), std::move(top));
  check::Files files;
  files.info = [tree](const std::string &path) { return tree->info(path); };
  files.list = [tree](const std::string &path, size_t limit) { return tree->list(path, limit); };
  files.read = [tree](const std::string &path) { return tree->read(path); };
  files.real = [tree](const std::string &path) { return tree->find(path).real; };
  files.repository = [tree](const std::string &) { return tree->top(); };
  return files;
}

} // namespace nemo::orchestrator
