// Only white space is chosen here; every word is printed as the author wrote it, so meaning cannot
// change. Lists are broken when the author broke them or when they do not fit; formulas in
// parentheses keep the author's breaks, moved to before the operator.
#include "intent/syntax/formula_printer.h"

namespace nemo::syntax {
namespace {

llvm::StringRef sign_of(ExprKind kind) {
  switch (kind) {
  case ExprKind::multiply:
    return "*";
  case ExprKind::divide:
    return "/";
  case ExprKind::add:
    return "+";
  case ExprKind::subtract:
    return "-";
  case ExprKind::range:
    return "..";
  case ExprKind::less_equal:
    return "<=";
  case ExprKind::greater_equal:
    return ">=";
  case ExprKind::less:
    return "<";
  case ExprKind::greater:
    return ">";
  case ExprKind::equal:
    return "==";
  case ExprKind::not_equal:
    return "!=";
  case ExprKind::in:
    return "in";
  case ExprKind::not_in:
    return "not in";
  case ExprKind::logical_and:
    return "and";
  case ExprKind::logical_or:
    return "or";
  default:
    return "";
  }
}

bool is_simple(const Expr &e) {
  return e.kind <= ExprKind::list || e.kind == ExprKind::parentheses || e.kind == ExprKind::call;
}

} // namespace

size_t columns(llvm::StringRef text) {
  size_t count = 0;
  for (const char c : text)
    count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

void FormulaPrinter::break_line() {
  done_ += llvm::StringRef(line_).rtrim(' ');
  done_ += '\n';
  line_.assign(indent_, ' ');
  space_ = false;
}

void FormulaPrinter::comments_before(uint32_t offset) {
  for (; next_comment_ != file_.comments.size(); ++next_comment_) {
    const Comment &comment = file_.comments[next_comment_];
    if (comment.extent.begin >= offset)
      return;
    if (line_.find_first_not_of(' ') != std::string::npos) {
      if (comment.alone)
        break_line();
      else
        line_ = llvm::StringRef(line_).rtrim(' ').str() + "  ";
    }
    line_ += file_.source(comment.extent).rtrim();
    break_line();
  }
}

void FormulaPrinter::word(llvm::StringRef text, uint32_t begin) {
  comments_before(begin);
  if (space_ && line_.find_first_not_of(' ') != std::string::npos)
    line_ += ' ';
  space_ = false;
  line_ += text;
}

void FormulaPrinter::name(const Expr &e) {
  bool first = true;
  for (const Name &part : file_.parts_of(e)) {
    if (!first)
      word(".", part.extent.begin);
    word(file_.source(part.extent), part.extent.begin);
    first = false;
  }
}

void FormulaPrinter::list(const Expr &e) {
  const llvm::ArrayRef<ExprId> items = file_.operands_of(e);
  bool broken = file_.source(e.extent).contains('\n');
  if (!broken && !flat_ && !items.empty()) {
    size_t width = column() + 1;
    for (const ExprId item : items)
      width += columns(flat(file_, item)) + 2;
    broken = width - 1 > most_columns;
  }
  word("[", e.extent.begin);
  const size_t outer = indent_;
  bool first = true;
  if (broken)
    indent_ += 2;
  for (const ExprId item : items) {
    if (broken) {
      // A comment behind the bracket or the item before stays on its line.
      comments_before(file_[item].extent.begin);
      if (line_.find_first_not_of(' ') != std::string::npos)
        break_line();
    } else if (!first) {
      space();
    }
    expr(item);
    if (broken || item != items.back())
      word(",", file_[item].extent.end);
    first = false;
  }
  if (broken) {
    comments_before(e.extent.end);
    indent_ = outer;
    if (line_.find_first_not_of(' ') != std::string::npos && !items.empty())
      break_line();
    else if (line_.find_first_not_of(' ') == std::string::npos)
      line_.assign(indent_, ' ');
  }
  word("]", e.extent.end - 1);
}

void FormulaPrinter::arguments(const Expr &e) {
  name(e);
  word("(", file_.parts_of(e).back().extent.end);
  indent_ += 4;
  const llvm::ArrayRef<ExprId> items = file_.operands_of(e);
  for (const ExprId &item : items) {
    if (&item != items.begin())
      space();
    expr(item);
    if (&item != &items.back())
      word(",", file_[item].extent.end);
  }
  word(")", e.extent.end - 1);
  indent_ -= 4;
}

void FormulaPrinter::binary(const Expr &e, llvm::StringRef sign) {
  const ExprId left = file_.operands_of(e)[0];
  const ExprId right = file_.operands_of(e)[1];
  const bool tight = e.kind == ExprKind::range && is_simple(file_[left]) && is_simple(file_[right]);
  expr(left);
  const Extent between{file_[left].extent.end, file_[right].extent.begin};
  if (file_.source(between).contains('\n')) {
    comments_before(between.end);
    if (line_.find_first_not_of(' ') != std::string::npos)
      break_line();
  }
  if (!tight)
    space();
  word(sign, between.begin);
  if (!tight)
    space();
  expr(right);
}

void FormulaPrinter::expr(ExprId id) {
  const Expr &e = file_[id];
  switch (e.kind) {
  case ExprKind::number:
  case ExprKind::quantity:
  case ExprKind::string:
  case ExprKind::boolean:
  case ExprKind::invalid:
    return word(file_.source(e.extent), e.extent.begin);
  case ExprKind::reference:
    return name(e);
  case ExprKind::list:
    return list(e);
  case ExprKind::call:
    return arguments(e);
  case ExprKind::negate:
  case ExprKind::logical_not:
    word(e.kind == ExprKind::negate ? "-" : "not", e.extent.begin);
    if (e.kind == ExprKind::logical_not)
      space();
    return expr(file_.operands_of(e)[0]);
  case ExprKind::parentheses:
    word("(", e.extent.begin);
    indent_ += 4;
    expr(file_.operands_of(e)[0]);
    word(")", e.extent.end - 1);
    indent_ -= 4;
    return;
  default:
    return binary(e, sign_of(e.kind));
  }
}

std::string FormulaPrinter::take() {
  std::string all = done_ + llvm::StringRef(line_).rtrim(' ').str();
  return llvm::StringRef(all).ltrim(' ').str();
}

std::string flat(const File &file, ExprId id) {
  size_t no_comments = file.comments.size();
  FormulaPrinter printer(file, no_comments, 0, true);
  printer.expr(id);
  return printer.take();
}

} // namespace nemo::syntax
