// Formulas: names resolved, types and dimensions checked, constants put in, compiled to what the
// evaluator runs. A bare word gets its meaning from what it is compared with.
#pragma once

#include <optional>
#include <string>

#include "intent/check/context.h"
#include "intent/schema/schema.h"
#include "protocol/formula/evaluate.h"

namespace nemo::check {

struct Kind {
  enum class Of : uint8_t {
    invalid, ///< already diagnosed
    any,     ///< a label: whatever it turns out to be
    boolean,
    quantity,
    text,
    word, ///< an enumerator, or a bare word whose meaning is not known yet
    reference,
  };
  Of of = Of::invalid;
  formula::Dimension dimension; ///< quantity
  const char *words = nullptr;  ///< enumerators, or kinds of object; null: a bare word
  bool several = false;         ///< a list of such, or a range
};

struct Compiled {
  proto::Expr expr;
  Kind kind;
  bool valid() const { return kind.of != Kind::Of::invalid; }
};

/// What formulas may speak of where they stand.
struct Scope {
  const char *roots = nullptr; ///< "node|site"; null: constants only
  std::string where;           ///< "a select block"
};

class Formulas {
public:
  explicit Formulas(Context &context) : context_(context) {}

  /// \param named_constants  constants stay names, so that an explanation can show their values.
  Compiled compile(Cursor at, syntax::ExprId id, const Scope &scope, bool named_constants = false);

  /// Messages that are read back may nest a hundred deep; formulas leave room for what holds them.
  static constexpr unsigned max_depth = 80;

  /// Follows parentheses, parameters and constants to the expression that stands for `id`.
  /// \returns nullopt after a fault, which is diagnosed.
  std::optional<std::pair<Cursor, syntax::ExprId>> resolve(Cursor at, syntax::ExprId id);

  /// A constant's or an argument's value, or a literal's: what has no names left to look up.
  std::optional<proto::Value> evaluate_constant(const Compiled &compiled, Cursor at,
                                                syntax::Extent extent);
  /// The values of constants that an expression names, for explanations.
  proto::Value named_value(Cursor at, const proto::Ref &ref);

  /// Tells that a constant stands where one of `words` could, and has its name (N0215).
  void claim_words(const char *words, Cursor at, syntax::ExprId id);
  /// "low - 1" for `low-1`, one name where two are known; else empty.
  std::string subtraction(Cursor at, llvm::StringRef name) const;
  /// A bare word where none has a meaning: told as a name that is not known.
  bool bare_words_left(Cursor at, const syntax::Expr &expr, const Compiled &compiled);

  /// "time (20ms)" or "an enumerator": what an operand is, in words.
  static std::string describe(const Kind &kind);

private:
  Compiled fail() const { return {}; }
  Compiled compile_one(Cursor at, const syntax::Expr &expr, syntax::ExprId id, const Scope &scope);
  Compiled logical(Cursor at, const syntax::Expr &expr, Compiled left, Compiled right,
                   const syntax::Expr &left_expr, const syntax::Expr &right_expr);
  Compiled prefix(Cursor at, const syntax::Expr &expr, const Scope &scope);
  Compiled literal(Cursor at, const syntax::Expr &expr, proto::Value value, Kind kind) const;
  Compiled number(Cursor at, const syntax::Expr &expr);
  Compiled reference(Cursor at, syntax::ExprId id, const Scope &scope);
  Compiled fact(Cursor at, const syntax::Expr &expr, const Scope &scope);
  Compiled arithmetic(Cursor at, const syntax::Expr &expr, Compiled left, Compiled right);
  Compiled comparison(Cursor at, const syntax::Expr &expr, Compiled left, Compiled right,
                      const syntax::Expr &left_expr, const syntax::Expr &right_expr);
  Compiled list(Cursor at, const syntax::Expr &expr, const Scope &scope);
  Compiled range(Cursor at, const syntax::Expr &expr, Compiled low, Compiled high);
  bool settle(Cursor at, const syntax::Expr &expr, Compiled &word, const Kind &other);
  bool settle_one(Cursor at, syntax::Extent extent, proto::Expr &expr, const Kind &other);
  void mismatch(Cursor at, const syntax::Expr &expr, const Compiled &left, const Compiled &right,
                const char *doing);
  Compiled fold(Cursor at, const syntax::Expr &expr, Compiled compiled);

  Context &context_;
  bool named_constants_ = false;
  unsigned depth_ = 0;
  bool too_deep_ = false;               ///< told: what is built on it is no further fault
  std::set<const Declared *> circular_; ///< told likewise
  std::set<std::pair<uint32_t, uint32_t>> resolving_; ///< constants on the way, by file and expr
};

/// The source operator of a compiled node is its syntax kind.
proto::Expr::Op op_of(syntax::ExprKind kind);

} // namespace nemo::check
