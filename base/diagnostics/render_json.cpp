// Diagnostics for programs, in the form that docs and scripts rely on: keys only ever get added.
#include "base/diagnostics/diagnostics.h"

#include "llvm/Support/JSON.h"

namespace nemo {
namespace {

/// JSON holds Unicode only; paths and quoted source may be anything.
std::string text(llvm::StringRef bytes) {
  return llvm::json::isUTF8(bytes) ? bytes.str() : llvm::json::fixUTF8(bytes);
}

void nullable(llvm::json::OStream &json, const char *key, llvm::StringRef value) {
  if (value.empty())
    json.attribute(key, nullptr);
  else
    json.attribute(key, text(value));
}

void place(llvm::json::OStream &json, llvm::StringRef file, const SourceRange &range) {
  nullable(json, "file", file);
  const bool known = range.line != 0;
  const auto number = [&](const char *key, uint32_t value) {
    if (known)
      json.attribute(key, value);
    else
      json.attribute(key, nullptr);
  };
  number("line", range.line);
  number("column", range.column);
  number("end_line", range.end_line);
  number("end_column", range.end_column);
  number("begin", range.begin);
  number("end", range.end);
}

const char *name(Severity severity) {
  switch (severity) {
  case Severity::error:
    return "error";
  case Severity::warning:
    return "warning";
  case Severity::note:
    return "note";
  }
  return "error";
}

} // namespace

void render_json(llvm::json::OStream &json, llvm::ArrayRef<Diagnostic> diagnostics) {
  json.attributeArray("diagnostics", [&] {
    for (const Diagnostic &diagnostic : diagnostics)
      json.object([&] {
        json.attribute("id", diagnostic.id);
        json.attribute("severity", name(diagnostic.severity));
        json.attribute("message", text(diagnostic.message));
        place(json, diagnostic.file, diagnostic.range);
        json.attributeArray("notes", [&] {
          for (const Note &note : diagnostic.notes)
            json.object([&] {
              json.attribute("message", text(note.text));
              place(json, note.file, note.range);
            });
        });
        nullable(json, "fix", diagnostic.fix);
      });
  });
}

void render_json(llvm::raw_ostream &out, llvm::ArrayRef<Diagnostic> diagnostics) {
  llvm::json::OStream json(out, 2);
  json.object([&] {
    json.attribute("version", 1);
    json.attribute("valid", !has_errors(diagnostics));
    render_json(json, diagnostics);
  });
  out << '\n';
}

} // namespace nemo
