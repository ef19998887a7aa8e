// Fourth phase: each block against its entry in the schema. What comes out is typed and complete,
// and still in the author's order; the builders make the intent's messages of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "intent/check/expand.h"

namespace nemo::check {

struct TypedAttribute {
  const schema::Attribute *schema = nullptr;
  std::string name;
  proto::Value value;
  Cursor at;
  syntax::Extent extent; ///< of the value
  syntax::Extent name_extent;

  /// False: what stands there was refused, and is no fault again.
  bool sound() const { return value.kind_case() != proto::Value::KIND_NOT_SET; }
};

struct TypedRule {
  proto::Rule rule;
  Cursor at;
  syntax::Extent extent;
  formula::Dimension dimension; ///< of minimize and maximize
};

struct TypedBlock {
  const schema::Block *schema = nullptr;
  Cursor at;
  syntax::Extent head;
  std::string name;
  std::vector<std::string> labels;
  std::vector<TypedAttribute> attributes;
  std::map<std::string, size_t> index; ///< of attributes, by name: a body may be long
  std::vector<TypedRule> rules;
  std::vector<TypedBlock> children;
  bool faulty = false; ///< something in it was refused: what is missing is no further fault

  const TypedAttribute *find(llvm::StringRef name) const;
  const TypedBlock *child(llvm::StringRef name) const;
};

class Blocks {
public:
  Blocks(Context &context, Formulas &formulas, Values &values, Expander &expander)
      : context_(context), formulas_(formulas), values_(values), expander_(expander) {}

  TypedBlock read(const Instance &instance);

private:
  void members(TypedBlock &block, const std::vector<Member> &members, const std::string &owner);
  void attribute(TypedBlock &block, Cursor at, const syntax::Stmt &statement);
  void child(TypedBlock &block, Cursor at, const syntax::Stmt &statement, const std::string &owner);
  bool free_name_fits(const schema::Block &block, Cursor at, const syntax::Name &name);
  void rule(TypedBlock &block, Cursor at, const syntax::Stmt &statement, const std::string &owner);
  bool clause(TypedBlock &block, TypedRule &out, Cursor at, const syntax::Clause &clause);
  void refuse_constant(const TypedRule &rule, Cursor at, const syntax::Stmt &statement,
                       const Scope &scope);
  void complete(TypedBlock &block);
  Scope scope_of(const schema::Block &block) const;

  Context &context_;
  Formulas &formulas_;
  Values &values_;
  Expander &expander_;
};

proto::Object to_object(const Context &context, const TypedBlock &block);

} // namespace nemo::check
