// The generated parser at work on one statement after the other. It never recovers by itself: the
// first token that does not fit ends the statement, and the statement reader goes on with the next.
#include "intent/syntax/formula.h"

#include <deque>

#include "antlr4-runtime.h"
#include "intent/grammar/NemoParser.h"

#include "intent/syntax/parse.h"

namespace nemo::syntax {
namespace {

using Parser = nemo::grammar::NemoParser;

/// Thrown out of the generated code at the first token that does not fit.
struct Stop {
  size_t index;
};

class StopAtFirstFault final : public antlr4::DefaultErrorStrategy {
public:
  void sync(antlr4::Parser *) override {}
  void reportError(antlr4::Parser *, const antlr4::RecognitionException &fault) override {
    throw Stop{fault.getOffendingToken()->getTokenIndex()};
  }
  antlr4::Token *recoverInline(antlr4::Parser *parser) override {
    throw Stop{parser->getCurrentToken()->getTokenIndex()};
  }
};

/// The tokens of one statement as the generated parser wants to see them. The objects are reused.
class StatementTokens final : public antlr4::TokenStream {
public:
  void set(llvm::ArrayRef<Token> tokens) {
    while (pool_.size() < tokens.size() + 1) {
      pool_.emplace_back(size_t(0));
      pool_.back().setTokenIndex(pool_.size() - 1);
    }
    for (size_t i = 0; i != tokens.size(); ++i)
      put(i, tokens[i].kind, tokens[i].begin, tokens[i].end);
    last_ = tokens.size();
    const uint32_t end = tokens.empty() ? 0 : tokens.back().end;
    put(last_, antlr4::Token::EOF, end, end);
    at_ = 0;
  }

  void consume() override { at_ = std::min(at_ + 1, last_); }
  size_t LA(ssize_t offset) override {
    const antlr4::Token *token = LT(offset);
    return token ? token->getType() : antlr4::Token::INVALID_TYPE;
  }
  antlr4::Token *LT(ssize_t offset) override {
    if (offset > 0)
      return &pool_[std::min(at_ + static_cast<size_t>(offset) - 1, last_)];
    const auto back = static_cast<size_t>(-offset);
    return back == 0 || back > at_ ? nullptr : &pool_[at_ - back];
  }
  ssize_t mark() override { return 0; }
  void release(ssize_t) override {}
  size_t index() override { return at_; }
  void seek(size_t index) override { at_ = std::min(index, last_); }
  size_t size() override { return last_ + 1; }
  std::string getSourceName() const override { return {}; }
  antlr4::Token *get(size_t index) const override {
    return const_cast<antlr4::CommonToken *>(&pool_[index]);
  }
  antlr4::TokenSource *getTokenSource() const override { return nullptr; }
  // Texts are taken from the file by extent; nothing asks for them here.
  std::string getText(const antlr4::misc::Interval &) override { return {}; }
  std::string getText() override { return {}; }
  std::string getText(antlr4::RuleContext *) override { return {}; }
  std::string getText(antlr4::Token *, antlr4::Token *) override { return {}; }

private:
  void put(size_t index, size_t kind, uint32_t begin, uint32_t end) {
    antlr4::CommonToken &token = pool_[index];
    token.setType(kind);
    token.setStartIndex(begin);
    token.setStopIndex(end);
  }

  std::deque<antlr4::CommonToken> pool_;
  size_t last_ = 0;
  size_t at_ = 0;
};

Token flat(const antlr4::Token *token) {
  return {static_cast<uint32_t>(token->getStartIndex()),
          static_cast<uint32_t>(token->getStopIndex()), static_cast<uint32_t>(token->getType())};
}

/// The token of a leaf, or nullptr for an inner node.
const antlr4::Token *leaf(antlr4::tree::ParseTree *node) {
  auto *terminal = dynamic_cast<antlr4::tree::TerminalNode *>(node);
  return terminal ? terminal->getSymbol() : nullptr;
}

ExprKind binary_kind(size_t token) {
  switch (token) {
  case Lexer::STAR:
    return ExprKind::multiply;
  case Lexer::SLASH:
    return ExprKind::divide;
  case Lexer::PLUS:
    return ExprKind::add;
  case Lexer::MINUS:
    return ExprKind::subtract;
  case Lexer::RANGE:
    return ExprKind::range;
  case Lexer::LE:
    return ExprKind::less_equal;
  case Lexer::GE:
    return ExprKind::greater_equal;
  case Lexer::LT:
    return ExprKind::less;
  case Lexer::GT:
    return ExprKind::greater;
  case Lexer::EQ:
    return ExprKind::equal;
  case Lexer::NE:
    return ExprKind::not_equal;
  case Lexer::IN:
    return ExprKind::in;
  case Lexer::NOT:
    return ExprKind::not_in;
  case Lexer::AND:
    return ExprKind::logical_and;
  case Lexer::OR:
    return ExprKind::logical_or;
  default:
    return ExprKind::invalid;
  }
}

ExprKind literal_kind(size_t token) {
  switch (token) {
  case Lexer::NUMBER:
    return ExprKind::number;
  case Lexer::QUANTITY:
    return ExprKind::quantity;
  case Lexer::STRING:
    return ExprKind::string;
  case Lexer::TRUE:
  case Lexer::FALSE:
    return ExprKind::boolean;
  default:
    return ExprKind::invalid;
  }
}

bool is_comparison(ExprKind kind) {
  return kind >= ExprKind::less_equal && kind <= ExprKind::not_in;
}

/// Copies a parse tree. Recursion is bounded: the statement reader has refused what nests deeper
/// than its limit.
class Copy {
public:
  Copy(File &file, Faults &faults) : file_(file), faults_(faults) {}

  ExprId expr(Parser::ExprContext *node) {
    const auto &children = node->children;
    const antlr4::Token *first = leaf(children[0]);
    if (children.size() == 1) {
      if (first)
        return add(literal_kind(first->getType()), extent(node), {});
      if (auto *list = dynamic_cast<Parser::ListContext *>(children[0]))
        return add(ExprKind::list, extent(node), all(list->children));
      return reference(static_cast<Parser::ReferenceContext *>(children[0]));
    }
    if (first) {
      const ExprKind kind = first->getType() == Lexer::MINUS ? ExprKind::negate
                            : first->getType() == Lexer::NOT ? ExprKind::logical_not
                                                             : ExprKind::parentheses;
      return add(kind, extent(node), {expr(static_cast<Parser::ExprContext *>(children[1]))});
    }
    const antlr4::Token *sign = leaf(children[1]);
    const ExprKind kind = binary_kind(sign->getType());
    const ExprId left = expr(static_cast<Parser::ExprContext *>(children.front()));
    const ExprId right = expr(static_cast<Parser::ExprContext *>(children.back()));
    if (is_comparison(kind) && is_comparison(file_[left].kind)) {
      const Expr &chained = file_[left];
      const std::string middle =
          file_.source(file_[file_.operands_of(chained).back()].extent).str();
      faults_.add(diag::N0118, flat(sign).extent(), "comparisons do not chain",
                  "write " + file_.source(chained.extent).str() + " and " + middle + " " +
                      file_.source({flat(sign).begin, file_[right].extent.end}).str());
      faults_.note("the first comparison", chained.extent);
      return add(ExprKind::invalid, extent(node), {});
    }
    return add(kind, extent(node), {left, right});
  }

  Clause clause(Parser::ClauseContext *node) {
    const Token word = flat(leaf(node->children[0]));
    Clause clause;
    clause.kind = static_cast<ClauseKind>(word.kind - Lexer::OVER);
    clause.value = expr(static_cast<Parser::ExprContext *>(node->children[1]));
    clause.extent = {word.begin, file_[clause.value].extent.end};
    return clause;
  }

private:
  ExprId reference(Parser::ReferenceContext *node) {
    std::vector<Name> names;
    bool call = false;
    for (antlr4::tree::ParseTree *child : node->children) {
      if (auto *part = dynamic_cast<Parser::PartContext *>(child)) {
        names.push_back(name_of(file_, flat(part->getStart())));
      } else if (const antlr4::Token *token = leaf(child)) {
        if (token->getType() == Lexer::ID)
          names.push_back(name_of(file_, flat(token)));
        call |= token->getType() == Lexer::LPAREN;
      }
    }
    const ExprId id = add(call ? ExprKind::call : ExprKind::reference, extent(node),
                          call ? all(node->children) : std::vector<ExprId>());
    Expr &made = file_.exprs[static_cast<uint32_t>(id)];
    made.parts = {static_cast<uint32_t>(file_.parts.size()), static_cast<uint32_t>(names.size())};
    file_.parts.insert(file_.parts.end(), names.begin(), names.end());
    return id;
  }

  std::vector<ExprId> all(const std::vector<antlr4::tree::ParseTree *> &children) {
    std::vector<ExprId> ids;
    for (antlr4::tree::ParseTree *child : children)
      if (auto *node = dynamic_cast<Parser::ExprContext *>(child))
        ids.push_back(expr(node));
    return ids;
  }

  ExprId add(ExprKind kind, Extent extent, llvm::ArrayRef<ExprId> operands) {
    Expr made;
    made.kind = kind;
    made.extent = extent;
    made.operands = {static_cast<uint32_t>(file_.operands.size()),
                     static_cast<uint32_t>(operands.size())};
    file_.operands.insert(file_.operands.end(), operands.begin(), operands.end());
    file_.exprs.push_back(made);
    return ExprId(file_.exprs.size() - 1);
  }

  static Extent extent(antlr4::ParserRuleContext *node) {
    return {flat(node->getStart()).begin, flat(node->getStop()).end};
  }

  File &file_;
  Faults &faults_;
};

} // namespace

struct FormulaParser::Machine {
  Machine() : parser(&tokens) {
    parser.removeErrorListeners();
    parser.setErrorHandler(std::make_shared<StopAtFirstFault>());
    parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(
        antlr4::atn::PredictionMode::SLL);
  }
  StatementTokens tokens;
  Parser parser;
};

FormulaParser::FormulaParser(File &file, Faults &faults)
    : machine_(std::make_unique<Machine>()), file_(file), faults_(faults) {}
FormulaParser::~FormulaParser() = default;

Name name_of(File &file, const Token &token) {
  Name name;
  name.extent = token.extent();
  name.text = file.source(name.extent);
  name.quoted = token.kind == Lexer::STRING;
  if (name.quoted && name.text.contains('\\')) {
    file.unescaped.push_back(std::make_unique<std::string>(unescape(name.text)));
    name.text = *file.unescaped.back();
  } else if (name.quoted) {
    name.text = name.text.drop_front().drop_back();
  }
  return name;
}

/// Most values are one literal or one reference; they need no parser.
ExprId FormulaParser::simple(llvm::ArrayRef<Token> tokens) {
  Expr made;
  if (tokens.empty())
    return no_expr;
  made.extent = {tokens.front().begin, tokens.back().end};
  if (tokens.size() == 1 && is_operand(tokens[0].kind) && tokens[0].kind != Lexer::ID) {
    made.kind = literal_kind(tokens[0].kind);
  } else {
    if (tokens[0].kind != Lexer::ID || tokens.size() % 2 == 0)
      return no_expr;
    for (size_t i = 1; i != tokens.size(); ++i) {
      const uint32_t kind = tokens[i].kind;
      if (i % 2 == 1 ? kind != Lexer::DOT : !is_name(kind) && kind != Lexer::STRING)
        return no_expr;
    }
    made.kind = ExprKind::reference;
    made.parts.first = static_cast<uint32_t>(file_.parts.size());
    for (size_t i = 0; i < tokens.size(); i += 2)
      file_.parts.push_back(name_of(file_, tokens[i]));
    made.parts.count = static_cast<uint32_t>(file_.parts.size()) - made.parts.first;
  }
  file_.exprs.push_back(made);
  return ExprId(file_.exprs.size() - 1);
}

ExprId FormulaParser::value(llvm::ArrayRef<Token> statement, size_t from) {
  const llvm::ArrayRef<Token> tokens = statement.drop_front(from);
  if (const ExprId id = simple(tokens); id != no_expr)
    return id;
  machine_->tokens.set(tokens);
  machine_->parser.reset();
  try {
    return Copy(file_, faults_).expr(machine_->parser.value()->expr());
  } catch (const Stop &stop) {
    faults_.unexpected(statement, from + stop.index, false);
    return no_expr;
  }
}

ExprId FormulaParser::formula(llvm::ArrayRef<Token> statement, size_t from, Run &clauses) {
  machine_->tokens.set(statement.drop_front(from));
  machine_->parser.reset();
  try {
    Parser::FormulaContext *tree = machine_->parser.formula();
    Copy copy(file_, faults_);
    const ExprId id = copy.expr(tree->expr());
    std::vector<Clause> list;
    for (Parser::ClauseContext *clause : tree->clause())
      list.push_back(copy.clause(clause));
    clauses = {static_cast<uint32_t>(file_.clauses.size()), static_cast<uint32_t>(list.size())};
    file_.clauses.insert(file_.clauses.end(), list.begin(), list.end());
    return id;
  } catch (const Stop &stop) {
    faults_.unexpected(statement, from + stop.index, true);
    return no_expr;
  }
}

} // namespace nemo::syntax
