// Third phase: which objects there are once templates are put in. Nothing is copied: an instance is
// statements and the environment to read them in, so positions stay those of the author's text.
#pragma once

#include <string>
#include <vector>

#include "intent/check/values.h"

namespace nemo::check {

using Member = std::pair<Cursor, syntax::StmtId>;

/// A block at the top, or one that a template made there.
struct Instance {
  const schema::Block *schema = nullptr;
  Cursor at;
  syntax::StmtId statement{};
  syntax::Extent head; ///< keyword and labels
  std::string name;    ///< of the object; empty if it has none
  std::vector<std::string> labels;
  std::vector<Member> members;
};

class Expander {
public:
  Expander(Context &context, Values &values) : context_(context), values_(values) {}

  /// Every object, declared, in order of text.
  std::vector<Instance> all();
  /// The statements that `use` inside a block stands for.
  std::vector<Member> inside(Cursor at, syntax::StmtId use);

private:
  struct Parameter {
    const schema::Attribute *type = nullptr; ///< null after a fault
    std::string name;
    syntax::Extent extent;
    syntax::ExprId standard = syntax::no_expr;
  };

  void top(Cursor at, syntax::StmtId id, std::vector<Instance> &out);
  void use(Cursor at, syntax::StmtId id, std::vector<Instance> &out);
  void check_template(const Declared &declared);
  std::vector<Parameter> parameters(const Declared &declared);
  const Environment *enter(Cursor at, syntax::StmtId use, std::string self);
  void bind(Environment &environment, const Declared &made, Cursor at, const syntax::Stmt &use);
  std::vector<Member> body(const Environment &environment, const Declared &made) const;
  bool labels_fit(const schema::Block &block, Cursor at, const syntax::Stmt &statement);
  const Declared *target(Cursor at, const syntax::Stmt &use) const;

  Context &context_;
  Values &values_;
};

/// Keyword and labels.
syntax::Extent head_of(const syntax::File &file, const syntax::Stmt &block);

} // namespace nemo::check
