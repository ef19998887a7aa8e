// What the phases of checking share: the files, where a thing was written, and how a fault is said.
// Every fault goes through Context::error, so that one inside a template shows the use as well.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/diagnostics/registry.h"
#include "intent/syntax/ast.h"
#include "protocol/intent.pb.h"

namespace nemo::check {

struct Environment;

/// A file, and the template use that led into it (null outside templates).
struct Cursor {
  uint32_t file = 0;
  const Environment *environment = nullptr;
};

/// An argument of a template: an expression where the use stands, or the parameter's default.
struct Binding {
  syntax::ExprId value = syntax::no_expr;
  Cursor at;
  std::string type; ///< the parameter's type, by name
};

/// One use of a template: what its parameters stand for.
struct Environment {
  Cursor use; ///< where the `use` stands
  syntax::Extent use_extent;
  std::string template_name;
  uint32_t template_file = 0;
  std::map<std::string, Binding> bindings;
  std::map<std::string, std::string> labels; ///< "workload.cache" -> "shop-cache": made by this use
  std::string self;                          ///< the name that the use gives
  uint32_t depth = 1;
};

struct Source {
  std::string path;    ///< in Intent.files
  std::string display; ///< in diagnostics
  syntax::File file;
  uint32_t module = 0;                     ///< 0: common; else of an import with `as`
  std::map<std::string, uint32_t> aliases; ///< `as` name -> module
  std::vector<uint32_t> imports;           ///< files, of all import statements
};

/// Something with a name at the top of a file.
struct Declared {
  Cursor at;
  syntax::StmtId statement{};
  syntax::Extent extent; ///< of the name
  std::string name;
  std::string kind; ///< block kind; "" for a constant
};

class Context {
public:
  std::vector<Source> sources;
  std::vector<Diagnostic> diagnostics;
  proto::Intent intent;
  static constexpr size_t max_faults = 1000;
  static constexpr size_t max_suggested = 5000; ///< names to compare a wrong one with
  bool unread = false;                          ///< parts of the text were not parsed
  bool incomplete = false; ///< parts of the text were not understood: missing names are no fault

  std::map<std::pair<uint32_t, std::string>, Declared> constants; ///< by module and name
  std::map<std::pair<uint32_t, std::string>, Declared> templates;
  std::map<std::string, Declared> objects; ///< by "kind.name"
  std::map<std::string, std::pair<Cursor, syntax::Extent>>
      words; ///< enumerators in use, first place
  std::vector<std::unique_ptr<Environment>> environments;
  Diagnostic unlisted; ///< the latest fault after the last that is listed

  /// Work that names and templates may cause, beyond the text itself.
  uint64_t budget = 4'000'000;
  bool spend(Cursor at, syntax::Extent extent, uint64_t amount = 1);

  const syntax::File &file(Cursor at) const { return sources[at.file].file; }
  const syntax::Expr &expr(Cursor at, syntax::ExprId id) const { return file(at)[id]; }
  llvm::StringRef text(Cursor at, syntax::Extent extent) const { return file(at).source(extent); }
  proto::Span span(Cursor at, syntax::Extent extent) const;

  /// \returns the diagnostic, to add notes to; valid until the next call.
  Diagnostic &error(const diag::Entry &entry, Cursor at, syntax::Extent extent, std::string message,
                    std::string fix = {});
  void note(Diagnostic &diagnostic, std::string text, Cursor at, syntax::Extent extent) const;
  SourceRange range(const proto::Span &span) const;

  /// A constant or template by name or alias.name, as seen from `at`; null if there is none.
  const Declared *constant(Cursor at, llvm::ArrayRef<syntax::Name> parts) const;
  const Declared *find_template(Cursor at, llvm::StringRef name) const;
  std::vector<std::string> constant_names(Cursor at) const;
  /// Names of declared objects of one of these kinds ("select|workload"; null: of all).
  std::vector<std::string> object_names(const char *kinds) const;
};

/// Source with white space folded and comments left out.
std::string fold_text(llvm::StringRef source);
/// "; did you mean `x`?" or nothing, and the fix.
std::string suggestion(llvm::StringRef wrong, llvm::ArrayRef<std::string> candidates,
                       std::string &fix);

} // namespace nemo::check
