// Runs the generated lexer over bytes. The text goes in as it is, one symbol per byte: no decoded
// copy, and offsets that are byte offsets.
#include "intent/syntax/tokens.h"

#include "antlr4-runtime.h"

namespace nemo::syntax {
namespace {

class ByteStream final : public antlr4::CharStream {
public:
  ByteStream(llvm::StringRef text, size_t at) : text_(text), at_(at) {}

  void consume() override { ++at_; }
  size_t LA(ssize_t offset) override {
    const size_t index =
        offset > 0 ? at_ + static_cast<size_t>(offset) - 1 : at_ - static_cast<size_t>(-offset);
    return offset != 0 && index < text_.size() ? static_cast<unsigned char>(text_[index])
                                               : antlr4::IntStream::EOF;
  }
  ssize_t mark() override { return -1; }
  void release(ssize_t) override {}
  size_t index() override { return at_; }
  void seek(size_t index) override { at_ = index; }
  size_t size() override { return text_.size(); }
  std::string getSourceName() const override { return {}; }
  std::string getText(const antlr4::misc::Interval &interval) override {
    return text_
        .slice(static_cast<size_t>(interval.a),
               std::min(static_cast<size_t>(interval.b) + 1, text_.size()))
        .str();
  }
  std::string toString() const override { return text_.str(); }

private:
  llvm::StringRef text_;
  size_t at_;
};

bool alone_on_its_line(llvm::StringRef text, size_t at) {
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t'))
    --at;
  return at == 0 || text[at - 1] == '\n' || text.take_front(at) == "\xEF\xBB\xBF";
}

} // namespace

Tokens lex(llvm::StringRef text) {
  const size_t start = text.startswith("\xEF\xBB\xBF") ? 3 : 0;
  ByteStream bytes(text, start);
  Lexer lexer(&bytes);
  lexer.removeErrorListeners();
  Tokens tokens;
  tokens.list.reserve(text.size() / 5 + 1);
  for (;;) {
    const std::unique_ptr<antlr4::Token> token = lexer.nextToken();
    const size_t kind = token->getType();
    if (kind == antlr4::Token::EOF)
      break;
    const auto begin = static_cast<uint32_t>(token->getStartIndex());
    const auto end = static_cast<uint32_t>(token->getStopIndex() + 1);
    if (kind == Lexer::COMMENT)
      tokens.comments.push_back({{begin, end}, alone_on_its_line(text, begin)});
    else
      tokens.list.push_back({begin, end, static_cast<uint32_t>(kind)});
  }
  const auto size = static_cast<uint32_t>(text.size());
  tokens.list.push_back({size, size, end_of_file});
  return tokens;
}

} // namespace nemo::syntax
