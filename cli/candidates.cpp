#include "cli/candidates.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "backends/registry.h"
#include "base/diagnostics/registry.h"
#include "intent/fleet/fleet_file.h"
#include "intent/schema/schema.h"
#include "intent/syntax/parse.h"
#include "orchestrator/git.h"

namespace nemo::cli {

namespace {

namespace fs = std::filesystem;

/// More than people write by hand; reading it takes a few hundredths of a second.
constexpr uintmax_t most_bytes = 256 << 10;

struct Written {
  std::string kind, name, stack;
};

/// A directory as the command line names it: `~` was not expanded by a shell that only completes.
fs::path expand(const std::string &path) {
  const char *home = std::getenv("HOME");
  if (home != nullptr && (path == "~" || llvm::StringRef(path).startswith("~/")))
    return fs::path(home + path.substr(1));
  return path;
}

std::vector<fs::path> intent_files(const fs::path &path) {
  std::error_code error;
  std::vector<fs::path> files;
  if (fs::is_regular_file(path, error))
    files.push_back(path);
  for (auto at = fs::directory_iterator(path, error); !error && at != fs::directory_iterator();
       at.increment(error))
    if (at->path().extension() == ".nemo" && at->is_regular_file(error))
      files.push_back(at->path());
  std::sort(files.begin(), files.end());
  return files;
}

void read_file(const fs::path &path, std::vector<Written> &found) {
  std::ifstream in(path, std::ios::binary);
  const syntax::Parsed parsed =
      syntax::parse(path.string(), std::string(std::istreambuf_iterator<char>(in), {}));
  const syntax::File &file = parsed.file;
  for (syntax::StmtId id : file.statements()) {
    const syntax::Stmt &statement = file[id];
    const auto labels = file.labels_of(statement);
    const schema::Block *block = schema::find_block(statement.name.text);
    if (statement.kind == syntax::StmtKind::attribute && statement.name.text == "stack") {
      if (file[statement.value].kind == syntax::ExprKind::string)
        found.push_back({"stack", syntax::unescape(file.source(file[statement.value].extent)), ""});
    } else if (statement.kind == syntax::StmtKind::block && block != nullptr) {
      if (block->labels == schema::Labels::use && labels.size() == 2)
        found.push_back({"workload", labels[1].text.str(), ""});
      else if ((block->labels == schema::Labels::name ||
                block->labels == schema::Labels::optional_name) &&
               labels.size() == 1)
        found.push_back({block->name, labels[0].text.str(), ""});
    }
  }
}

/// As the command line names it, else this directory.
fs::path path_of(const Position &at) {
  std::string path = ".";
  const auto arguments = arguments_of(*at.command);
  for (size_t i = 0; i < at.arguments.size() && i < arguments.size(); ++i)
    if (arguments[i]->get_name(true) == "PATH")
      path = at.arguments[i];
  return expand(path);
}

/// What the files there say. Also of files with faults: who completes a name is often still
/// writing.
std::vector<Written> written(const Position &at) {
  std::vector<Written> found;
  uintmax_t bytes = 0;
  for (const fs::path &file : intent_files(path_of(at))) {
    std::error_code error;
    bytes += fs::file_size(file, error);
    if (error || bytes > most_bytes)
      break;
    read_file(file, found);
  }
  return found;
}

/// What the agent sees, if it answers; it is not started for this.
std::optional<proto::Fleet> observed() {
  backends::Choice choice;
  choice.start_agent = false;
  auto fleet = [&]() -> llvm::Expected<proto::Fleet> {
    auto backend = backends::open(choice);
    if (!backend)
      return backend.takeError();
    return backend->observe();
  }();
  if (fleet)
    return std::move(*fleet);
  llvm::consumeError(fleet.takeError());
  return std::nullopt;
}

std::vector<Written> running() {
  std::vector<Written> found;
  const auto fleet = observed();
  if (!fleet)
    return found;
  for (const proto::Running &replica : fleet->running()) {
    found.push_back({"workload", replica.workload(), replica.stack()});
    found.push_back(
        {"replica", fmt::format("{}/{}", replica.workload(), replica.replica()), replica.stack()});
    found.push_back({"stack", replica.stack(), ""});
  }
  return found;
}

/// The fleet in the file that the command line names, else the one that is there.
proto::Fleet fleet_of(const Position &at) {
  const std::string file = at.value("--fleet");
  if (file.empty())
    return observed().value_or(proto::Fleet());
  std::error_code error;
  const fs::path path = expand(file);
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > most_bytes || error)
    return {};
  return fleet::read_fleet_file(path.string()).fleet;
}

void add(Candidates &result, const std::vector<Written> &found, llvm::StringRef kind,
         const std::string &stack, const char *text) {
  for (const Written &item : found)
    if (item.kind == kind && (stack.empty() || item.stack.empty() || item.stack == stack))
      result.words.push_back(
          {item.name, item.stack.empty() ? text : text + (" of stack " + item.stack)});
}

void workloads(Candidates &result, const Position &at, llvm::StringRef begun) {
  const std::string stack = at.value("--stack");
  const auto here = running();
  add(result, here, begun.contains('/') ? "replica" : "workload", stack, "runs");
  if (here.empty() || at.command->get_name() != "logs")
    add(result, written(at), "workload", stack, "in the intent");
}

void stacks(Candidates &result, const Position &at, llvm::StringRef) {
  add(result, running(), "stack", "", "runs");
  add(result, written(at), "stack", "", "in the intent");
}

void explainable(Candidates &result, const Position &at, llvm::StringRef begun) {
  if (begun.empty() || begun.startswith("N"))
    for (const diag::Entry &entry : diag::all())
      result.words.push_back({entry.id, entry.title});
  if (!begun.startswith("N"))
    for (const Written &item : written(at))
      if (item.kind != "stack")
        result.words.push_back({item.kind + '.' + item.name, ""});
}

void backend_names(Candidates &result, const Position &, llvm::StringRef) {
  for (const std::string &name : backends::names())
    result.words.push_back({name, ""});
}

/// Whole ranges, merging what is checked out, until there is one of one's own.
void ranges(Candidates &result, const Position &at, llvm::StringRef begun) {
  const auto [into, from] = begun.split("..");
  for (const std::string &name : orchestrator::commit_names(path_of(at).string()))
    if (begun.contains(".."))
      result.words.push_back({into.str() + ".." + name, ""});
    else if (name != "HEAD")
      result.words.push_back({name + "..HEAD", ""});
}

void places(Candidates &result, const Position &at, bool nodes, const char *end) {
  const proto::Fleet fleet = fleet_of(at);
  for (int i = 0; nodes && i < fleet.nodes_size(); ++i)
    result.words.push_back({"node." + fleet.nodes(i).name() + end, fleet.nodes(i).site()});
  for (const proto::Site &site : fleet.sites()) {
    result.words.push_back({"site." + site.name() + end, site.country()});
    if (*end != 0 && site.has_zone())
      result.words.push_back({"zone." + site.zone() + end, "of the electricity grid"});
  }
}
void losable(Candidates &result, const Position &at, llvm::StringRef) {
  places(result, at, true, "");
}
void zones(Candidates &result, const Position &at, llvm::StringRef) {
  places(result, at, false, "=");
}
void priced(Candidates &result, const Position &at, llvm::StringRef) {
  places(result, at, true, "=");
}

struct Source {
  const char *option; ///< a flag's long name, or an argument's name
  void (*find)(Candidates &, const Position &, llvm::StringRef);
};
constexpr Source sources[] = {
    {"WORKLOAD", workloads},  {"NAME", workloads},   {"--target", workloads},
    {"--exclude", workloads}, {"WHAT", explainable}, {"--backend", backend_names},
    {"--stack", stacks},      {"--ref", ranges},     {"--lose", losable},
    {"--carbon", zones},      {"--price", priced},
};

struct Paths {
  const char *option; ///< as above, or the kind of value: "FILE"
  std::vector<std::string> suffixes;
};

} // namespace

Candidates candidates(const CLI::Option &option, const Position &at, llvm::StringRef begun) {
  Candidates result;
  for (const std::string &choice : choices_of(option))
    result.words.push_back({choice, ""});
  const std::string name = option.nonpositional() ? long_name(option) : option.get_name(true);
  for (const Source &source : sources)
    if (name == source.option)
      source.find(result, at, begun);
  static const std::vector<Paths> paths = {{"PATH", {".nemo"}},
                                           {"PLAN", {".nemoplan"}},
                                           {"--fleet", {".yaml", ".yml"}},
                                           {"--add", {".yaml", ".yml", ".nemo"}},
                                           {"FILE", {}},
                                           {"DIR", {"/"}}};
  for (const Paths &kind : paths)
    if (!result.paths && (name == kind.option || value_of(option) == kind.option)) {
      result.paths = true;
      result.suffixes = kind.suffixes;
      if (llvm::StringRef(option.get_description()).contains("plan file")) // apply takes both
        result.suffixes.push_back(".nemoplan");
    }
  return result;
}

} // namespace nemo::cli
