#include "intent/check/context.h"

#include <fmt/format.h>

#include "intent/schema/schema.h"

namespace nemo::check {

bool Context::spend(Cursor at, syntax::Extent extent, uint64_t amount) {
  if (budget == 0)
    return false;
  if (budget > amount) {
    budget -= amount;
    return true;
  }
  budget = 0;
  error(diag::N0314, at, extent,
        "the text grows too large when its constants and templates are put in");
  return false;
}

proto::Span Context::span(Cursor at, syntax::Extent extent) const {
  const SourceRange range = file(at).range(extent);
  proto::Span span;
  span.set_file(at.file);
  span.set_begin(range.begin);
  span.set_end(range.end);
  span.set_line(range.line);
  span.set_column(range.column);
  span.set_end_line(range.end_line);
  span.set_end_column(range.end_column);
  return span;
}

Diagnostic &Context::error(const diag::Entry &entry, Cursor at, syntax::Extent extent,
                           std::string message, std::string fix) {
  Diagnostic made =
      diag::make(entry, std::move(message), sources[at.file].display, file(at).range(extent));
  made.fix = std::move(fix);
  for (const Environment *use = at.environment; use; use = use->use.environment)
    note(made, fmt::format("in template `{}`, used here", use->template_name), use->use,
         use->use_extent);
  if (diagnostics.size() > max_faults) { // the last one listed says so
    unlisted = std::move(made);
    return unlisted;
  }
  if (diagnostics.size() == max_faults)
    made = diag::make(diag::N0120,
                      fmt::format("more than {} faults; the rest are not listed", max_faults),
                      made.file, made.range);
  diagnostics.push_back(std::move(made));
  return diagnostics.back();
}

void Context::note(Diagnostic &diagnostic, std::string text, Cursor at,
                   syntax::Extent extent) const {
  diagnostic.notes.push_back({std::move(text), sources[at.file].display, file(at).range(extent)});
}

SourceRange Context::range(const proto::Span &span) const {
  return {span.begin(), span.end(), span.line(), span.column(), span.end_line(), span.end_column()};
}

template <class Table>
static const Declared *find_in(const Table &table, uint32_t module, llvm::StringRef name) {
  auto found = table.find({module, name.str()});
  if (found == table.end() && module != 0)
    found = table.find({0, name.str()});
  return found == table.end() ? nullptr : &found->second;
}

const Declared *Context::constant(Cursor at, llvm::ArrayRef<syntax::Name> parts) const {
  const Source &source = sources[at.file];
  if (parts.size() == 1)
    return find_in(constants, source.module, parts[0].text);
  if (parts.size() != 2)
    return nullptr;
  auto alias = source.aliases.find(parts[0].text.str());
  return alias == source.aliases.end() ? nullptr : find_in(constants, alias->second, parts[1].text);
}

const Declared *Context::find_template(Cursor at, llvm::StringRef name) const {
  const Source &source = sources[at.file];
  auto [alias, rest] = name.split('.');
  if (rest.empty())
    return find_in(templates, source.module, name);
  auto found = source.aliases.find(alias.str());
  return found == source.aliases.end() ? nullptr : find_in(templates, found->second, rest);
}

std::vector<std::string> Context::constant_names(Cursor at) const {
  std::vector<std::string> result;
  if (constants.size() > max_suggested || diagnostics.size() > max_faults)
    return result;
  for (const auto &[key, value] : constants)
    if (key.first == 0 || key.first == sources[at.file].module)
      result.push_back(key.second);
  return result;
}

std::vector<std::string> Context::object_names(const char *kinds) const {
  std::vector<std::string> result;
  if (objects.size() > max_suggested || diagnostics.size() > max_faults)
    return result;
  for (const auto &[key, value] : objects)
    if (!kinds || schema::has_word(kinds, value.kind))
      result.push_back(value.name);
  return result;
}

std::string fold_text(llvm::StringRef source) {
  std::string result;
  bool space = false;
  for (size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (c == '#') {
      i = std::min(source.find('\n', i), source.size()) - 1;
      space = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      space = true;
    } else {
      if (space && !result.empty())
        result += ' ';
      space = false;
      result += c;
      if (c != '"')
        continue;
      for (++i; i < source.size(); ++i) {
        result += source[i];
        if (source[i] == '\\' && i + 1 < source.size())
          result += source[++i];
        else if (source[i] == '"')
          break;
      }
    }
  }
  return result;
}

std::string suggestion(llvm::StringRef wrong, llvm::ArrayRef<std::string> candidates,
                       std::string &fix) {
  if (auto near = did_you_mean(wrong, candidates)) {
    fix = *near;
    return fmt::format("; did you mean `{}`?", *near);
  }
  return {};
}

} // namespace nemo::check
