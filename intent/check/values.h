// Attribute values: each is checked against its entry in the schema and comes out exact and typed.
#pragma once

#include <optional>

#include "intent/check/formulas.h"

namespace nemo::check {

class Values {
public:
  Values(Context &context, Formulas &formulas) : context_(context), formulas_(formulas) {}

  /// \returns nullopt after a fault, which is diagnosed.
  std::optional<proto::Value> typed(const schema::Attribute &attribute, Cursor at,
                                    syntax::ExprId id);
  /// A value that the schema gives as text ("64MiB", "TERM"): defaults.
  static proto::Value standard(const schema::Attribute &attribute);

private:
  std::optional<proto::Value> checked(const schema::Attribute &attribute, Cursor at,
                                      syntax::ExprId id);
  std::optional<proto::Value> one(const schema::Attribute &attribute, Cursor at, syntax::ExprId id);
  std::optional<proto::Value> number(const schema::Attribute &attribute, Cursor at,
                                     syntax::ExprId id);
  std::optional<proto::Value> any(Cursor at, syntax::ExprId id);
  std::optional<proto::Value> text(const schema::Attribute &attribute, Cursor at,
                                   syntax::ExprId id);
  std::optional<proto::Value> word(const schema::Attribute &attribute, Cursor at,
                                   const syntax::Expr &expr);
  std::optional<proto::Value> reference(const schema::Attribute &attribute, Cursor at,
                                        const syntax::Expr &expr);
  std::optional<proto::Value> port(const schema::Attribute &attribute, Cursor at,
                                   syntax::ExprId id);
  bool in_bounds(const schema::Attribute &attribute, Cursor at, syntax::Extent extent,
                 const formula::Quantity &quantity);
  std::nullopt_t wrong_type(const schema::Attribute &attribute, Cursor at,
                            const syntax::Expr &expr);

  Context &context_;
  Formulas &formulas_;
};

} // namespace nemo::check
