// The syntax tree: what was written, with every position, and nothing that was meant. The formatter
// prints it, the checker gives it meaning.
//
// Owned by value and flat: the nodes of one file stand in four arrays and point to each other by
// index, so a file of ten megabytes is four allocations, and nothing recurses to be freed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"

#include "base/diagnostics/diagnostics.h"

namespace nemo::syntax {

enum class ExprId : uint32_t {};
enum class StmtId : uint32_t {};
inline constexpr ExprId no_expr{~0u};

/// A range of bytes; lines and columns are computed when somebody asks (File::range).
struct Extent {
  uint32_t begin = 0;
  uint32_t end = 0;
};

/// A consecutive run in one of the File's index arrays.
struct Run {
  uint32_t first = 0;
  uint32_t count = 0;
};

enum class ExprKind : uint8_t {
  number,   ///< 3, 1.5, 1e-6
  quantity, ///< 20ms
  string,
  boolean,
  reference, ///< a.b."c/d"; parts in File::parts
  list,
  negate,
  logical_not,
  multiply,
  divide,
  add,
  subtract,
  range,
  less_equal,
  greater_equal,
  less,
  greater,
  equal,
  not_equal,
  in,
  not_in,
  logical_and,
  logical_or,
  parentheses, ///< kept: the formatter prints them as they were
  call,        ///< name(args): parsed, so that the checker can say that there are no functions
  invalid,     ///< a place where parsing failed; already diagnosed
};

struct Expr {
  ExprKind kind = ExprKind::invalid;
  Extent extent;
  Run operands; ///< in File::operands
  Run parts;    ///< reference, call: in File::parts
};

/// A name with its place. `text` is unescaped and without quotes.
struct Name {
  llvm::StringRef text;
  Extent extent;
  bool quoted = false;
};

enum class StmtKind : uint8_t { attribute, block, rule };
enum class Verb : uint8_t { none, require, prefer, deny, minimize, maximize, when };
enum class ClauseKind : uint8_t { over, hold /* for */, weight, where, otherwise /* else */ };

struct Clause {
  ClauseKind kind = ClauseKind::over;
  ExprId value = no_expr;
  Extent extent;
};

struct Stmt {
  StmtKind kind = StmtKind::attribute;
  Extent extent;          ///< without the line end
  Name name;              ///< attribute, block
  Verb verb = Verb::none; ///< rule
  Extent verb_extent;
  ExprId value = no_expr; ///< attribute, rule
  Run labels;             ///< block: in File::parts
  Run clauses;            ///< rule: in File::clauses
  Run body;               ///< block: in File::bodies
  bool has_body = false;  ///< import "x" and use may have none
  Extent open_brace, close_brace;
};

/// A comment, "# ..." without the line end. The formatter puts each back where it belongs.
struct Comment {
  Extent extent;
  bool alone = false; ///< nothing but white space before it on its line
};

struct File {
  std::string path;
  std::shared_ptr<const std::string> text; ///< what every StringRef and Extent points into
  std::vector<Expr> exprs;
  std::vector<Stmt> stmts;
  std::vector<Clause> clauses;
  std::vector<Name> parts;
  std::vector<ExprId> operands;
  std::vector<StmtId> bodies;
  Run top; ///< in bodies
  std::vector<Comment> comments;
  std::vector<uint32_t> line_starts;
  std::vector<std::unique_ptr<std::string>>
      unescaped; ///< storage for names whose text is not in the source as it is

  const Expr &operator[](ExprId id) const { return exprs[static_cast<uint32_t>(id)]; }
  const Stmt &operator[](StmtId id) const { return stmts[static_cast<uint32_t>(id)]; }
  llvm::ArrayRef<ExprId> operands_of(const Expr &e) const {
    return {operands.data() + e.operands.first, e.operands.count};
  }
  llvm::ArrayRef<Name> parts_of(const Expr &e) const {
    return {parts.data() + e.parts.first, e.parts.count};
  }
  llvm::ArrayRef<Name> labels_of(const Stmt &s) const {
    return {parts.data() + s.labels.first, s.labels.count};
  }
  llvm::ArrayRef<Clause> clauses_of(const Stmt &s) const {
    return {clauses.data() + s.clauses.first, s.clauses.count};
  }
  llvm::ArrayRef<StmtId> body_of(const Stmt &s) const {
    return {bodies.data() + s.body.first, s.body.count};
  }
  llvm::ArrayRef<StmtId> statements() const { return {bodies.data() + top.first, top.count}; }
  llvm::StringRef source(Extent extent) const {
    return llvm::StringRef(*text).slice(extent.begin, extent.end);
  }
  SourceRange range(Extent extent) const; ///< with lines and columns
};

} // namespace nemo::syntax
