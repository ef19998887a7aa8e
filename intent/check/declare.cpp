#include "intent/check/declare.h"

#include <fmt/format.h>

#include "llvm/ADT/StringExtras.h"

#include "intent/schema/schema.h"

namespace nemo::check {

bool is_label(llvm::StringRef text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         llvm::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

static void declared_twice(Context &context, llvm::StringRef what, const Declared &first, Cursor at,
                           syntax::Extent extent) {
  Diagnostic &fault =
      context.error(diag::N0306, at, extent, fmt::format("{} is declared twice", what.str()));
  context.note(fault, "first declared here", first.at, first.extent);
}

bool declare_object(Context &context, llvm::StringRef kind, llvm::StringRef name, Cursor at,
                    syntax::StmtId statement, syntax::Extent extent) {
  if (!is_label(name)) {
    std::string fix = name.lower();
    for (char &c : fix)
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
        c = '-';
    fix = llvm::StringRef(fix).trim('-').substr(0, 63).rtrim('-').str();
    context.error(diag::N0214, at, extent,
                  fmt::format("`{}` cannot name a {}: names are 1 to 63 of a-z, 0-9 and '-', with "
                              "no '-' at the ends",
                              name.str(), kind.str()),
                  fix);
  }
  const std::string key = (kind + "." + name).str();
  auto [entry, added] =
      context.objects.try_emplace(key, Declared{at, statement, extent, name.str(), kind.str()});
  if (!added)
    declared_twice(context, fmt::format("{} `{}`", kind.str(), name.str()), entry->second, at,
                   extent);
  return added;
}

void declare(Context &context) {
  std::map<std::string, Declared> settings;
  for (uint32_t index = 0; index < context.sources.size(); ++index) {
    const Cursor at{index, nullptr};
    const syntax::File &file = context.file(at);
    for (syntax::StmtId id : file.statements()) {
      const syntax::Stmt &statement = file[id];
      if (statement.kind == syntax::StmtKind::attribute) {
        const std::string name = statement.name.text.str();
        Declared made{at, id, statement.name.extent, name, ""};
        if (schema::find_top_attribute(name)) {
          // Each file may say the edition; only `stack` is said once.
          auto [entry, added] = settings.try_emplace(name, made);
          if (!added && (name != "nemo" || entry->second.at.file == index))
            declared_twice(context, fmt::format("`{}`", name), entry->second, at, made.extent);
          continue;
        }
        if (schema::is_root(name))
          context.error(
              diag::N0214, at, made.extent,
              fmt::format("`{}` begins names inside formulas and cannot be a constant", name));
        auto [entry, added] =
            context.constants.try_emplace({context.sources[index].module, name}, made);
        if (!added)
          declared_twice(context, fmt::format("`{}`", name), entry->second, at, made.extent);
      } else if (statement.kind == syntax::StmtKind::block && statement.name.text == "template") {
        const auto labels = file.labels_of(statement);
        if (labels.size() != 1)
          continue;
        Declared made{at, id, labels[0].extent, labels[0].text.str(), "template"};
        if (!is_label(made.name))
          context.error(diag::N0214, at, made.extent,
                        fmt::format("`{}` cannot name a template: names are 1 to 63 of a-z, 0-9 "
                                    "and '-', with no '-' at the ends",
                                    made.name));
        auto [entry, added] =
            context.templates.try_emplace({context.sources[index].module, made.name}, made);
        if (!added)
          declared_twice(context, fmt::format("template `{}`", made.name), entry->second, at,
                         made.extent);
      }
    }
  }
}

void refuse_ambiguous_names(Context &context) {
  auto refuse = [&](const Declared &declared) {
    auto used = context.words.find(declared.name);
    if (used == context.words.end())
      return;
    const std::string what = declared.kind.empty() ? "constant" : declared.kind;
    Diagnostic &fault = context.error(
        diag::N0215, declared.at, declared.extent,
        fmt::format("the {} `{}` has the name of a word that is in use", what, declared.name));
    context.note(fault, "used as a word of the language here", used->second.first,
                 used->second.second);
    fault.fix = "choose another name";
  };
  for (const auto &[key, declared] : context.constants)
    refuse(declared);
  for (const auto &[key, declared] : context.objects)
    if (!schema::has_word("site|node|link", declared.kind))
      refuse(declared);
}

} // namespace nemo::check
