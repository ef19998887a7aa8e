#include "intent/check/load.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/error.h"
#include "intent/syntax/parse.h"
#include "llvm/Support/Path.h"

namespace nemo::check {

namespace path = llvm::sys::path;

namespace {

constexpr size_t max_files = 4096;

/// Reads files on demand. Two kinds: of a place, or texts in memory.
struct Reader {
  std::function<std::vector<std::string>(const std::string &)> find; ///< files that a path names
  std::function<llvm::Expected<std::string>(const std::string &)> read;
};

void add_file(Context &context, std::string name, std::string display, std::string text) {
  auto parsed = syntax::parse(display, std::move(text));
  context.incomplete |= has_errors(parsed.diagnostics);
  std::move(parsed.diagnostics.begin(), parsed.diagnostics.end(),
            std::back_inserter(context.diagnostics));
  auto *file = context.intent.add_files();
  file->set_path(name);
  if (parsed.file.text)
    file->set_text(*parsed.file.text);
  context.sources.push_back(
      {std::move(name), std::move(display), std::move(parsed.file), 0, {}, {}});
}

/// The `import` statements of one file: edges to files that are read already or now.
class Imports {
public:
  Imports(Context &context, std::string prefix, const Reader &reader)
      : context_(context), prefix_(std::move(prefix)), reader_(reader) {
    for (uint32_t i = 0; i < context.sources.size(); ++i) {
      const Source &source = context.sources[i];
      bytes_ += source.file.text ? source.file.text->size() : 0;
      known_.emplace(source.path, i);
    }
  }

  void follow_all() {
    for (uint32_t file = 0; file < context_.sources.size(); ++file)
      for (syntax::StmtId id : statements(file))
        follow(file, id);
    refuse_cycles();
  }

private:
  std::vector<syntax::StmtId> statements(uint32_t file) const {
    std::vector<syntax::StmtId> result;
    const syntax::File &tree = context_.sources[file].file;
    for (syntax::StmtId id : tree.statements())
      if (tree[id].kind == syntax::StmtKind::block && tree[id].name.text == "import")
        result.push_back(id);
    return result;
  }

  void follow(uint32_t from, syntax::StmtId id) {
    const Cursor at{from, nullptr};
    // Copied: reading more files moves the sources.
    const syntax::Stmt statement = context_.file(at)[id];
    const auto labels = context_.file(at).labels_of(statement);
    if (labels.size() != 1)
      return; // diagnosed with the other blocks
    const std::string written = labels[0].text.str();
    const syntax::Extent extent = labels[0].extent;
    if (written.empty() || path::is_absolute(written) || written.find('\0') != std::string::npos) {
      context_.error(diag::N0302, at, extent,
                     fmt::format("an import is a path relative to this file, not `{}`", written));
      return;
    }
    const std::string target = join(path::parent_path(context_.sources[from].path), written);
    const std::vector<std::string> names = reader_.find(target);
    if (!context_.spend(at, extent, 1 + names.size()))
      return;
    if (names.empty()) {
      context_
          .error(diag::N0303, at, extent,
                 fmt::format("`{}` names no file and no directory with .nemo files", written))
          .notes.push_back({fmt::format("looked for {0}{1}, {0}{1}.nemo and .nemo files in {0}{1}/",
                                        prefix_, target),
                            {},
                            {}});
      context_.incomplete = true;
      return;
    }
    std::string alias;
    for (syntax::StmtId inner : context_.file(at).body_of(statement)) {
      const syntax::Stmt &member = context_.file(at)[inner];
      if (member.kind == syntax::StmtKind::attribute && member.name.text == "as" &&
          member.value != syntax::no_expr)
        alias = context_.text(at, context_.expr(at, member.value).extent).trim('"').str();
    }
    for (const std::string &name : names) {
      const auto known = known_.find(name);
      const uint32_t index = known != known_.end() ? known->second : read(name, at, extent);
      if (index == ~0u)
        return;
      context_.sources[from].imports.push_back(index);
      if (!alias.empty()) {
        auto [entry, added] = context_.sources[from].aliases.try_emplace(alias, modules_ + 1);
        modules_ = std::max(modules_, entry->second);
        if (context_.sources[index].module == 0)
          context_.sources[index].module = entry->second;
        else
          entry->second = context_.sources[index].module;
      }
    }
  }

  uint32_t read(const std::string &name, Cursor at, syntax::Extent extent) {
    if (context_.sources.size() >= max_files) {
      if (!full_)
        context_.error(diag::N0304, at, extent,
                       fmt::format("more than {} files are read together", max_files));
      full_ = true;
      return ~0u;
    }
    auto text = reader_.read(name);
    if (!text) {
      context_.incomplete = true;
      context_.error(diag::N0302, at, extent, llvm::toString(text.takeError()));
      return ~0u;
    }
    bytes_ += text->size();
    if (bytes_ > max_file_bytes) {
      if (!full_)
        context_.error(diag::N0304, at, extent, "the files together are over 64 MiB");
      full_ = true;
      return ~0u;
    }
    add_file(context_, name, prefix_ + name, std::move(*text));
    const auto index = static_cast<uint32_t>(context_.sources.size() - 1);
    known_.emplace(name, index);
    return index;
  }

  void refuse_cycles() {
    std::vector<int> state(context_.sources.size()); // 0 new, 1 on the way, 2 done
    std::vector<uint32_t> way;
    std::function<void(uint32_t)> visit = [&](uint32_t file) {
      state[file] = 1;
      way.push_back(file);
      for (uint32_t next : context_.sources[file].imports) {
        if (state[next] == 0)
          visit(next);
        else if (state[next] == 1)
          report_cycle({std::find(way.begin(), way.end(), next), way.end()});
      }
      way.pop_back();
      state[file] = 2;
    };
    for (uint32_t file = 0; file < context_.sources.size(); ++file)
      if (state[file] == 0)
        visit(file);
  }

  void report_cycle(const std::vector<uint32_t> &files) {
    std::string chain;
    for (uint32_t file : files)
      chain += context_.sources[file].display + " -> ";
    chain += context_.sources[files.front()].display;
    const Cursor at{files.back(), nullptr};
    for (syntax::StmtId id : statements(files.back())) {
      const auto labels = context_.file(at).labels_of(context_.file(at)[id]);
      if (labels.empty())
        continue;
      const auto names = reader_.find(
          join(path::parent_path(context_.sources[files.back()].path), labels[0].text));
      if (!llvm::is_contained(names, context_.sources[files.front()].path))
        continue;
      context_.error(diag::N0301, at, labels[0].extent, "files import each other in a circle")
          .notes.push_back({chain, {}, {}});
      return;
    }
  }

  Context &context_;
  std::string prefix_;
  const Reader &reader_;
  std::map<std::string, uint32_t> known_; ///< files that are read, by path
  uint32_t modules_ = 0;
  uint64_t bytes_ = 0;
  bool full_ = false;
};

llvm::Expected<std::vector<std::string>> nemo_files(const Files &files,
                                                    const std::string &directory) {
  constexpr size_t most = 1u << 20; // of all kinds; how many are read is limited later
  auto names = files.list(directory, most);
  if (!names)
    return names.takeError();
  llvm::erase_if(*names, [&](llvm::StringRef name) {
    return !name.endswith(".nemo") || name.startswith(".") ||
           files.is_directory(directory + "/" + name.str());
  });
  std::sort(names->begin(), names->end());
  return names;
}

constexpr const char *what_to_name = "name a .nemo file, or a directory that holds some";

void unreadable(Context &context, const std::string &display, std::string message, std::string fix,
                const diag::Entry &entry = diag::N0101) {
  context.incomplete = true;
  context.diagnostics.push_back(diag::make(entry, std::move(message), display));
  context.diagnostics.back().fix = std::move(fix);
}

} // namespace

std::string join(llvm::StringRef directory, llvm::StringRef name) {
  llvm::SmallString<256> result(directory);
  path::append(result, name);
  path::remove_dots(result, /*remove_dot_dot=*/true);
  return result.str().str();
}

Place load_path(Context &context, const std::string &given, const Files &files,
                const std::string &shown_before) {
  Place place{.files = files, .directory = {}, .prefix = {}, .repository = {}};
  std::vector<std::string> roots;
  if (given.empty()) {
    unreadable(context, {}, "the path is empty", what_to_name);
  } else if (files.is_directory(given)) {
    place.directory = given;
    auto names = nemo_files(files, given);
    if (!names)
      unreadable(context, shown_before + given, llvm::toString(names.takeError()), what_to_name);
    else if (names->empty())
      unreadable(context, shown_before + given,
                 fmt::format("the directory {} holds no .nemo files", given), what_to_name,
                 diag::N0305);
    else
      roots = std::move(*names);
  } else {
    place.directory = path::parent_path(given).str();
    roots = {path::filename(given).str()};
  }
  if (place.directory.empty())
    place.directory = ".";
  llvm::StringRef shown =
      given == place.directory ? llvm::StringRef(given).rtrim('/') : path::parent_path(given);
  if (!shown.empty() && shown != ".")
    place.prefix = shown.str() + "/";
  else if (!given.empty() && given.front() == '/' && shown.empty())
    place.prefix = "/";
  place.prefix = shown_before + place.prefix;
  place.repository = files.repository(place.directory);

  uint64_t bytes = 0;
  for (const std::string &name : roots) {
    auto text = files.read(place.directory == "." ? name : place.directory + "/" + name);
    if (!text) {
      unreadable(context, place.prefix + name, llvm::toString(text.takeError()), what_to_name);
      continue;
    }
    bytes += text->size();
    if (bytes > max_file_bytes && context.sources.size() > 0) {
      unreadable(context, place.prefix + name, "the files together are over 64 MiB",
                 "plan some of them by themselves: a stack each", diag::N0304);
      break;
    }
    add_file(context, name, place.prefix + name, std::move(*text));
  }

  Reader reader;
  reader.find = [&](const std::string &name) -> std::vector<std::string> {
    const std::string full = join(place.directory, name);
    if (files.is_file(full))
      return {name};
    if (files.is_file(full + ".nemo"))
      return {name + ".nemo"};
    auto names = nemo_files(files, full);
    if (!names) {
      llvm::consumeError(names.takeError());
      return {};
    }
    for (std::string &file : *names)
      file = join(name, file);
    return std::move(*names);
  };
  reader.read = [&](const std::string &name) -> llvm::Expected<std::string> {
    const std::string full = join(place.directory, name);
    if (const std::string real = files.real(full); !inside(place.repository, real))
      return failure("an import may not leave the repository ({}); this one is at {}",
                     place.repository, real);
    return files.read(full);
  };
  Imports(context, place.prefix, reader).follow_all();
  return place;
}

void load_texts(Context &context, const std::vector<proto::SourceFile> &files) {
  std::map<std::string, const proto::SourceFile *> by_path;
  for (const proto::SourceFile &file : files)
    if (by_path.emplace(file.path(), &file).second)
      add_file(context, file.path(), file.path(), file.text());
  if (files.empty())
    unreadable(context, {}, "there are no files to check", {}, diag::N0305);
  Reader reader;
  reader.find = [&](const std::string &name) -> std::vector<std::string> {
    if (by_path.count(name))
      return {name};
    if (by_path.count(name + ".nemo"))
      return {name + ".nemo"};
    std::vector<std::string> names;
    for (const auto &[file, text] : by_path)
      if (path::parent_path(file) == (name == "." ? "" : name))
        names.push_back(file);
    return names;
  };
  reader.read = [&](const std::string &name) -> llvm::Expected<std::string> {
    return by_path.at(name)->text();
  };
  Imports(context, {}, reader).follow_all();
}

} // namespace nemo::check
