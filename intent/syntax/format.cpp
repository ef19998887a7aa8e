// Statements and bodies in the one style. Comments are not in the tree: they are merged back by
// position, each before the statement it preceded or behind the words it followed.
#include "intent/syntax/format.h"

#include <algorithm>
#include <optional>

#include "intent/syntax/formula_printer.h"

namespace nemo::syntax {
namespace {

class Formatter {
public:
  explicit Formatter(const File &file) : file_(file) {}

  std::string run() {
    body(file_.statements(), 0);
    comments_before(static_cast<uint32_t>(file_.text->size()), 0);
    flush();
    return std::move(out_);
  }

private:
  /// A line whose `=` or `{` is put below that of its neighbours.
  struct Aligned {
    std::string text;
    size_t head = 0; ///< length of what stands before the padding
  };

  void body(llvm::ArrayRef<StmtId> statements, size_t indent) {
    for (const StmtId id : statements) {
      const Stmt &statement = file_[id];
      comments_before(statement.extent.begin, indent);
      separate(statement.extent.begin);
      print(statement, indent);
    }
  }

  void print(const Stmt &statement, size_t indent) {
    if (statement.kind != StmtKind::block) {
      simple(statement, indent);
      return;
    }
    const std::string head = std::string(indent, ' ') + block_head(statement);
    if (!statement.has_body) {
      line(head + comment_behind(statement.extent.end));
      last_ = statement.extent.end;
      return;
    }
    if (const std::optional<std::string> inside = one_line_body(statement, columns(head))) {
      const std::string text = head + " " + *inside + comment_behind(statement.extent.end);
      if (statement.labels.count == 0)
        aligned(text, head.size());
      else
        line(text);
    } else {
      line(head + " {" + comment_behind(statement.open_brace.end));
      last_ = std::nullopt; // no blank line at the start of a body
      body(file_.body_of(statement), indent + 2);
      comments_before(statement.close_brace.begin, indent + 2);
      line(std::string(indent, ' ') + "}" + comment_behind(statement.extent.end));
    }
    last_ = statement.extent.end;
  }

  /// An attribute or a rule.
  void simple(const Stmt &statement, size_t indent) {
    FormulaPrinter printer(file_, next_comment_, indent);
    print_simple(printer, statement);
    std::string text = std::string(indent, ' ') + printer.take();
    const bool several_lines = llvm::StringRef(text).contains('\n');
    text += comment_behind(statement.extent.end);
    last_ = statement.extent.end;
    if (statement.kind == StmtKind::attribute && !several_lines)
      aligned(text, indent + file_.source(statement.name.extent).size());
    else
      line(text);
  }

  void print_simple(FormulaPrinter &printer, const Stmt &statement) const {
    if (statement.kind == StmtKind::attribute) {
      printer.word(file_.source(statement.name.extent), statement.name.extent.begin);
      printer.space();
      printer.word("=", statement.name.extent.end);
      printer.space();
      printer.expr(statement.value);
      return;
    }
    printer.word(file_.source(statement.verb_extent), statement.verb_extent.begin);
    printer.space();
    printer.expr(statement.value);
    static constexpr const char *words[] = {"over", "for", "weight", "where", "else"};
    for (const Clause &clause : file_.clauses_of(statement)) {
      printer.space();
      printer.word(words[static_cast<size_t>(clause.kind)], clause.extent.begin);
      printer.space();
      printer.expr(clause.value);
    }
  }

  std::string block_head(const Stmt &statement) const {
    std::string head = file_.source(statement.name.extent).str();
    for (const Name &label : file_.labels_of(statement)) {
      head += ' ';
      head += file_.source(label.extent);
    }
    return head;
  }

  /// "{ a = 1; b = 2 }" if it was on one line and fits, or is empty.
  std::optional<std::string> one_line_body(const Stmt &block, size_t before) const {
    const Extent inside{block.open_brace.begin, block.close_brace.end};
    const llvm::ArrayRef<StmtId> statements = file_.body_of(block);
    if (statements.empty() && !has_comment(inside))
      return "{}";
    if (file_.source(inside).contains('\n'))
      return std::nullopt;
    std::string text = "{ ";
    for (const StmtId id : statements) {
      if (text.size() > 2)
        text += "; ";
      const Stmt &statement = file_[id];
      if (statement.kind != StmtKind::block) {
        size_t no_comments = file_.comments.size();
        FormulaPrinter printer(file_, no_comments, 0, true);
        print_simple(printer, statement);
        text += printer.take();
      } else {
        text += block_head(statement);
        if (statement.has_body) {
          const std::optional<std::string> nested = one_line_body(statement, 0);
          if (!nested)
            return std::nullopt;
          text += " " + *nested;
        }
      }
      if (text.size() > 4 * most_columns) // no need to print all of it to know that it is too long
        return std::nullopt;
    }
    text += " }";
    if (before + 1 + columns(text) > most_columns)
      return std::nullopt;
    return text;
  }

  bool has_comment(Extent inside) const {
    const auto first = std::lower_bound(
        file_.comments.begin(), file_.comments.end(), inside.begin,
        [](const Comment &comment, uint32_t at) { return comment.extent.begin < at; });
    return first != file_.comments.end() && first->extent.begin < inside.end;
  }

  /// Comments that stand before `offset` and were not printed yet, on lines of their own.
  void comments_before(uint32_t offset, size_t indent) {
    for (; next_comment_ != file_.comments.size(); ++next_comment_) {
      const Comment &comment = file_.comments[next_comment_];
      if (comment.extent.begin >= offset)
        return;
      separate(comment.extent.begin);
      line(std::string(indent, ' ') + file_.source(comment.extent).rtrim().str());
      last_ = comment.extent.end;
    }
  }

  /// "  # …" if the next comment is on the line on which `offset` is, with nothing in between.
  std::string comment_behind(uint32_t offset) {
    if (next_comment_ == file_.comments.size())
      return {};
    const Comment &comment = file_.comments[next_comment_];
    if (comment.extent.begin < offset ||
        file_.source({offset, comment.extent.begin}).find_first_not_of(" \t;") !=
            llvm::StringRef::npos)
      return {};
    ++next_comment_;
    return "  " + file_.source(comment.extent).rtrim().str();
  }

  /// One blank line if the author left any between what was printed last and `begin`.
  void separate(uint32_t begin) {
    if (last_ && begin > *last_ && file_.source({*last_, begin}).count('\n') > 1) {
      flush();
      out_ += '\n';
    }
  }

  void line(llvm::StringRef text) {
    flush();
    out_ += text;
    out_ += '\n';
  }

  void aligned(std::string text, size_t head) { group_.push_back({std::move(text), head}); }

  void flush() {
    size_t widest = 0;
    for (const Aligned &each : group_)
      widest = std::max(widest, columns(llvm::StringRef(each.text).take_front(each.head)));
    for (const Aligned &each : group_) {
      const llvm::StringRef head = llvm::StringRef(each.text).take_front(each.head);
      out_ += head;
      out_.append(widest - columns(head), ' ');
      out_ += llvm::StringRef(each.text).drop_front(each.head);
      out_ += '\n';
    }
    group_.clear();
  }

  const File &file_;
  size_t next_comment_ = 0;
  std::optional<uint32_t> last_; ///< end of what was printed last in this body
  std::vector<Aligned> group_;
  std::string out_;
};

} // namespace

std::string format(const File &file) { return Formatter(file).run(); }

} // namespace nemo::syntax
