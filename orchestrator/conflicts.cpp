// libgit2 says which files conflict, not where. Where: a conflict is a group of changes from both
// sides that touch each other in lines of the common ancestor, and do not come to the same text.
#include "orchestrator/conflicts.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/diagnostics/registry.h"

namespace nemo::orchestrator {

namespace {

constexpr size_t most = 50; ///< places that are listed

/// Lines [begin, end) counted from 0.
struct Lines {
  size_t begin = 0, end = 0;
};
struct Hunk {
  Lines old, now;
};
struct Overlap {
  Lines ours, theirs;
};

GitBlob blob_of(git_repository *repository, const git_index_entry *entry) {
  git_blob *raw = nullptr;
  if (entry == nullptr || (entry->mode & 0170000) != 0100000 ||
      git_blob_lookup(&raw, repository, &entry->id) != 0)
    return nullptr;
  return GitBlob(raw);
}

llvm::StringRef text_of(const git_blob *blob) {
  return {static_cast<const char *>(git_blob_rawcontent(blob)),
          static_cast<size_t>(git_blob_rawsize(blob))};
}

Lines lines_of(int start, int count) {
  const size_t begin = static_cast<size_t>(count == 0 ? start : start - 1);
  return {begin, begin + static_cast<size_t>(count)};
}

std::vector<Hunk> changes(const git_blob *from, const git_blob *to) {
  std::vector<Hunk> hunks;
  git_diff_options options = GIT_DIFF_OPTIONS_INIT;
  options.context_lines = 0;
  git_diff_blobs(
      from, nullptr, to, nullptr, &options, nullptr, nullptr,
      [](const git_diff_delta *, const git_diff_hunk *hunk, void *list) {
        static_cast<std::vector<Hunk> *>(list)->push_back(
            {lines_of(hunk->old_start, hunk->old_lines),
             lines_of(hunk->new_start, hunk->new_lines)});
        return 0;
      },
      nullptr, &hunks);
  return hunks;
}

/// Where each line begins, and the end of the text.
std::vector<size_t> line_starts(llvm::StringRef text) {
  std::vector<size_t> starts{0};
  for (size_t at = text.find('\n'); at != llvm::StringRef::npos; at = text.find('\n', at + 1))
    starts.push_back(at + 1);
  if (starts.back() != text.size())
    starts.push_back(text.size());
  return starts;
}

llvm::StringRef cut(llvm::StringRef text, const std::vector<size_t> &starts, Lines lines) {
  const size_t last = starts.size() - 1;
  return text.slice(starts[std::min(lines.begin, last)], starts[std::min(lines.end, last)]);
}

/// The lines that one side has for [old.begin, old.end) of the ancestor.
Lines on_side(Lines old, llvm::ArrayRef<Hunk> hunks) {
  return {hunks.front().now.begin - (hunks.front().old.begin - old.begin),
          hunks.back().now.end + (old.end - hunks.back().old.end)};
}

std::vector<Overlap> overlaps(const git_blob *ancestor, const git_blob *ours,
                              const git_blob *theirs) {
  const std::vector<Hunk> a = changes(ancestor, ours), b = changes(ancestor, theirs);
  const std::vector<size_t> a_lines = line_starts(text_of(ours)),
                            b_lines = line_starts(text_of(theirs));
  std::vector<Overlap> found;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const size_t a_from = i, b_from = j;
    Lines old{std::min(a[i].old.begin, b[j].old.begin), 0};
    old.end = a[i].old.begin <= b[j].old.begin ? a[i++].old.end : b[j++].old.end;
    for (bool grown = true; grown;) { // changes that touch are settled together
      grown = false;
      for (auto [side, at] : {std::pair(&a, &i), std::pair(&b, &j)})
        while (*at < side->size() && (*side)[*at].old.begin <= old.end) {
          old.end = std::max(old.end, (*side)[(*at)++].old.end);
          grown = true;
        }
    }
    if (i == a_from || j == b_from)
      continue;
    const Overlap overlap{on_side(old, llvm::ArrayRef(a).slice(a_from, i - a_from)),
                          on_side(old, llvm::ArrayRef(b).slice(b_from, j - b_from))};
    if (cut(text_of(ours), a_lines, overlap.ours) != cut(text_of(theirs), b_lines, overlap.theirs))
      found.push_back(overlap);
  }
  return found;
}

std::string words(Lines lines) {
  if (lines.begin == lines.end)
    return lines.begin == 0 ? "the lines before line 1"
                            : fmt::format("the lines after line {}", lines.begin);
  return lines.begin + 1 == lines.end ? fmt::format("line {}", lines.end)
                                      : fmt::format("lines {}-{}", lines.begin + 1, lines.end);
}

SourceRange range_of(llvm::StringRef text, Lines lines) {
  const std::vector<size_t> starts = line_starts(text);
  const size_t last = starts.size() > 1 ? starts.size() - 2 : 0; // the last line
  const size_t first = std::min(lines.begin, last);
  const size_t end = std::min(std::max(lines.end, first + 1) - 1, last);
  const llvm::StringRef end_line = cut(text, starts, {end, end + 1}).rtrim("\r\n");
  SourceRange range;
  range.begin = static_cast<uint32_t>(starts[first]);
  range.end = static_cast<uint32_t>(starts[end] + end_line.size());
  range.line = static_cast<uint32_t>(first + 1);
  range.column = 1;
  range.end_line = static_cast<uint32_t>(end + 1);
  range.end_column = static_cast<uint32_t>(end_line.size() + 1);
  return range;
}

class Reporter {
public:
  Reporter(Merge &merge, git_repository *repository) : merge_(merge), repository_(repository) {}

  void add(const git_index_entry *ancestor, const git_index_entry *ours,
           const git_index_entry *theirs) {
    const git_index_entry *known = ours != nullptr ? ours : theirs != nullptr ? theirs : ancestor;
    const std::string path = known->path;
    const std::string &into = merge_.into.name, &from = merge_.from.name;
    if (ours == nullptr || theirs == nullptr) {
      const std::string &changed = ours != nullptr ? into : from;
      const std::string &other = ours != nullptr ? from : into;
      say(path, ours == nullptr && theirs == nullptr
                    ? fmt::format("{} and {} renamed it differently", into, from)
                    : fmt::format("{} {} it, {} {} it", changed,
                                  ancestor != nullptr ? "changed" : "added", other,
                                  ancestor != nullptr ? "deleted or renamed"
                                                      : "has another thing of that name for"));
      return;
    }
    const GitBlob base = blob_of(repository_, ancestor), a = blob_of(repository_, ours),
                  b = blob_of(repository_, theirs);
    if (!a || !b || git_blob_is_binary(a.get()) || git_blob_is_binary(b.get())) {
      say(path, fmt::format("{} and {} both changed it, and it is no text", into, from));
      return;
    }
    const std::string a_name = into + ":" + ours->path, b_name = from + ":" + theirs->path;
    std::vector<Overlap> found;
    if (base)
      found = overlaps(base.get(), a.get(), b.get());
    if (found.empty()) { // added on both sides, or differing in mode
      say(a_name,
          fmt::format("{} and {} both {} it, differently", into, from, base ? "changed" : "added"));
      return;
    }
    merge_.texts.emplace_back(a_name, text_of(a.get()).str());
    merge_.texts.emplace_back(b_name, text_of(b.get()).str());
    for (const Overlap &overlap : found) {
      Diagnostic *fault =
          say(a_name, fmt::format("{} changed {}, {} changed {}", into, words(overlap.ours), from,
                                  words(overlap.theirs)));
      if (fault == nullptr)
        continue;
      fault->range = range_of(text_of(a.get()), overlap.ours);
      fault->notes.push_back(
          {from + " has here", b_name, range_of(text_of(b.get()), overlap.theirs)});
    }
  }

  void finish() {
    if (left_out_ > 0)
      merge_.diagnostics.push_back(
          diag::make(diag::N0832, fmt::format("and {} places more", left_out_)));
  }

private:
  Diagnostic *say(const std::string &path, const std::string &message) {
    if (merge_.diagnostics.size() >= most) {
      ++left_out_;
      return nullptr;
    }
    Diagnostic fault = diag::make(diag::N0832, message, path);
    fault.fix =
        fmt::format("merge {} into {} and settle it there", merge_.into.name, merge_.from.name);
    merge_.diagnostics.push_back(std::move(fault));
    return &merge_.diagnostics.back();
  }

  Merge &merge_;
  git_repository *repository_;
  size_t left_out_ = 0;
};

} // namespace

void report_conflicts(Merge &merge, git_repository *repository, git_index *index) {
  git_index_conflict_iterator *raw = nullptr;
  if (git_index_conflict_iterator_new(&raw, index) != 0)
    return;
  const GitOwned<git_index_conflict_iterator, git_index_conflict_iterator_free> owner(raw);
  Reporter reporter(merge, repository);
  const git_index_entry *ancestor = nullptr, *ours = nullptr, *theirs = nullptr;
  while (git_index_conflict_next(&ancestor, &ours, &theirs, raw) == 0)
    reporter.add(ancestor, ours, theirs);
  reporter.finish();
}

} // namespace nemo::orchestrator
