#include "intent/check/check.h"

#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"
#include "intent/check/artifacts.h"
#include "intent/check/build.h"
#include "intent/check/declare.h"
#include "intent/check/load.h"
#include "intent/check/references.h"
#include "protocol/artifact/artifact.h"

namespace nemo::check {

namespace {

/// `nemo = 1`, `stack = "shop"`, and every constant: one that nothing uses must be right, too.
void settings(Context &context, Formulas &formulas, Values &values) {
  bool edition = false;
  context.intent.set_stack("default");
  for (uint32_t index = 0; index < context.sources.size(); ++index) {
    const Cursor at{index, nullptr};
    for (syntax::StmtId id : context.file(at).statements()) {
      const syntax::Stmt &statement = context.file(at)[id];
      if (statement.kind != syntax::StmtKind::attribute || statement.value == syntax::no_expr)
        continue;
      const llvm::StringRef name = statement.name.text;
      const schema::Attribute *known = schema::find_top_attribute(name);
      if (!known) {
        formulas.compile(at, statement.value, {nullptr, "a constant"});
        continue;
      }
      edition |= name == "nemo";
      const syntax::Extent extent = context.expr(at, statement.value).extent;
      const auto value = values.typed(*known, at, statement.value);
      if (!value)
        continue;
      if (name == "nemo") {
        if (context.text(at, extent) != "1")
          context.error(diag::N0223, at, extent,
                        fmt::format("this nemo reads edition 1 of the language, not {}",
                                    context.text(at, extent).str()),
                        "nemo = 1");
        context.intent.set_edition(1);
      } else if (name == "stack") {
        if (!is_label(text_of(*value)))
          context.error(diag::N0214, at, extent,
                        fmt::format("`{}` cannot name a stack: names are 1 to 63 of a-z, 0-9 and "
                                    "'-', with no '-' at the ends",
                                    text_of(*value)));
        context.intent.set_stack(text_of(*value));
      }
    }
  }
  if (!edition && !context.sources.empty() && !context.incomplete)
    context.error(diag::N0223, {0, nullptr}, {0, 0},
                  "no file says which edition of the language it is written in",
                  "begin the file with: nemo = 1");
}

/// The order of faults is the order of the text, whichever phase found them. A fault in a constant
/// or a template is one fault, however often it is used.
void sort_faults(const Context &context, std::vector<Diagnostic> &diagnostics) {
  std::set<std::tuple<std::string, std::string, uint32_t, uint32_t, std::string>> seen;
  llvm::erase_if(diagnostics, [&](const Diagnostic &d) {
    return !seen.insert({d.id, d.file, d.range.begin, d.range.end, d.message}).second;
  });
  std::map<std::string, size_t> order;
  for (const Source &source : context.sources)
    order.emplace(source.display, order.size());
  std::stable_sort(
      diagnostics.begin(), diagnostics.end(), [&](const Diagnostic &a, const Diagnostic &b) {
        const auto rank = [&](const Diagnostic &d) {
          const auto found = order.find(d.file);
          return std::pair(found == order.end() ? order.size() : found->second, d.range.begin);
        };
        return rank(a) < rank(b);
      });
}

Checked finish(Context &&context, ReadArtifact read) {
  context.unread = context.incomplete;
  declare(context);
  Formulas formulas(context);
  Values values(context, formulas);
  Expander expander(context, values);
  Blocks blocks(context, formulas, values, expander);
  Builder builder(context, std::move(read));
  // All names first: blocks speak of objects that stand further down.
  const std::vector<Instance> instances = expander.all();
  settings(context, formulas, values);
  std::vector<TypedBlock> typed;
  typed.reserve(instances.size());
  for (const Instance &instance : instances)
    typed.push_back(blocks.read(instance));
  for (const TypedBlock &block : typed)
    builder.add(block);
  builder.finish();
  check_references(context, typed);
  refuse_ambiguous_names(context);
  sort_faults(context, context.diagnostics);
  context.intent.set_digest(intent_digest(context.intent));
  Checked result;
  for (const Source &source : context.sources)
    result.displays.push_back(source.display);
  result.intent = std::move(context.intent);
  result.diagnostics = std::move(context.diagnostics);
  return result;
}

} // namespace

SourceTexts Checked::texts() const {
  SourceTexts texts;
  for (size_t i = 0; i < displays.size(); ++i)
    texts.add(displays[i], intent.files(static_cast<int>(i)).text());
  return texts;
}

Checked check_path(const std::string &path, const Files &files, const std::string &shown_before) {
  Context context;
  const Place place = load_path(context, path, files, shown_before);
  return finish(std::move(context),
                [&place](const std::string &source) { return read_artifact(place, source); });
}

Checked check_texts(const std::vector<proto::SourceFile> &files,
                    const std::vector<proto::Artifact> &artifacts) {
  Context context;
  load_texts(context, files);
  return finish(std::move(context),
                [&](const std::string &source) -> llvm::Expected<proto::Artifact> {
                  for (const proto::Artifact &known : artifacts)
                    if (known.source() == source) {
                      if (auto fault = artifact::check(known))
                        return fault;
                      return known;
                    }
                  return failure("the files of `{}` are not among those given", source);
                });
}

std::string intent_digest(const proto::Intent &intent) {
  // Lengths before contents: no two lists of files run together to the same text.
  std::string whole = "nemo-intent 1\n";
  for (const proto::SourceFile &file : intent.files())
    whole += fmt::format("file {} {} {}\n", file.path().size(), file.path(), sha256(file.text()));
  for (const proto::Artifact &artifact : intent.artifacts())
    whole += fmt::format("artifact {} {} {}\n", artifact.source().size(), artifact.source(),
                         artifact.digest());
  return sha256(whole);
}

} // namespace nemo::check
