// The seam to yaml-cpp: its events come in, its exceptions end here.
#include "intent/fleet/yaml_tree.h"

#include <algorithm>
#include <exception>
#include <istream>
#include <streambuf>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "llvm/Support/ConvertUTF.h"

#include "base/diagnostics/registry.h"

namespace nemo::fleet {

namespace {

/// Thrown through yaml-cpp by the handler, caught in parse_yaml.
struct Refused : std::exception {
  Refused(const diag::Entry &entry, int at, std::string message, std::string fix = {})
      : entry(entry), at(at), message(std::move(message)), fix(std::move(fix)) {}
  const diag::Entry &entry;
  int at;
  std::string message;
  std::string fix;
};

class Builder : public YAML::EventHandler {
public:
  explicit Builder(std::vector<Yaml> &nodes) : nodes_(nodes) {}

  void OnDocumentStart(const YAML::Mark &) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark &mark, YAML::anchor_t anchor) override {
    add(mark, Yaml::Kind::nothing, "", anchor);
  }
  void OnAlias(const YAML::Mark &mark, YAML::anchor_t) override { refuse_alias(mark); }
  void OnScalar(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor,
                const std::string &value) override {
    // Of "\N" and "\_" yaml-cpp makes one byte each, in Latin-1.
    const auto *bytes = reinterpret_cast<const llvm::UTF8 *>(value.data());
    if (!llvm::isLegalUTF8String(&bytes, bytes + value.size()))
      throw Refused(diag::N0401, mark.pos, "an escape in this text is no character of UTF-8",
                    "write the character itself, or \\u and its four digits");
    Yaml &node = nodes_[add(mark, Yaml::Kind::scalar, tag, anchor)];
    node.text = value;
    node.quoted = tag == "!";
  }
  void OnSequenceStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(add(mark, Yaml::Kind::list, tag, anchor));
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(add(mark, Yaml::Kind::map, tag, anchor));
  }
  void OnMapEnd() override { open_.pop_back(); }

  /// The position of a key that is a map, a list or nothing; -1 if there is none.
  int strange_key() const { return strange_key_; }

private:
  struct Open {
    uint32_t node;
    uint32_t last = Yaml::none;
    bool key_next = true;
  };

  [[noreturn]] static void refuse_alias(const YAML::Mark &mark) {
    throw Refused(diag::N0403, mark.pos, "anchors and aliases are not read in a fleet file",
                  "write the value out where it is meant");
  }

  uint32_t add(const YAML::Mark &mark, Yaml::Kind kind, llvm::StringRef tag,
               YAML::anchor_t anchor) {
    if (anchor != 0)
      refuse_alias(mark);
    if (!tag.empty() && tag != "!" && tag != "?")
      throw Refused(diag::N0403, mark.pos,
                    fmt::format("tags ({}) are not read in a fleet file", tag.str()),
                    "leave the tag out; text that looks like a number stands in quotes");
    if (nodes_.size() >= value_limit)
      throw Refused(diag::N0404, mark.pos,
                    fmt::format("more than {} values in one file", value_limit));
    const auto index = static_cast<uint32_t>(nodes_.size());
    if (!open_.empty()) {
      Open &parent = open_.back();
      if (nodes_[parent.node].kind == Yaml::Kind::map) {
        // Said at the end only: a bracket that is never closed looks like this first.
        if (parent.key_next && kind != Yaml::Kind::scalar && strange_key_ < 0)
          strange_key_ = mark.pos;
        parent.key_next = !parent.key_next;
      }
      (parent.last == Yaml::none ? nodes_[parent.node].first : nodes_[parent.last].next) = index;
      parent.last = index;
    }
    Yaml &node = nodes_.emplace_back();
    node.kind = kind;
    node.begin = static_cast<uint32_t>(std::max(mark.pos, 0));
    return index;
  }

  void open(uint32_t node) {
    if (open_.size() >= depth_limit)
      throw Refused(diag::N0404, static_cast<int>(nodes_[node].begin),
                    fmt::format("nested deeper than {} levels", depth_limit));
    open_.push_back({node});
  }

  std::vector<Yaml> &nodes_;
  std::vector<Open> open_;
  int strange_key_ = -1;
};

/// The caller's bytes as a stream, without a copy.
class Bytes : public std::streambuf {
public:
  explicit Bytes(llvm::StringRef text) {
    char *begin = const_cast<char *>(text.data()); // a get area is never written
    setg(begin, begin, begin + text.size());
  }
};

uint32_t end_of(const Yaml &node, llvm::StringRef text) {
  const llvm::StringRef rest = text.drop_front(std::min<size_t>(node.begin, text.size()));
  size_t length = rest.empty() || rest.front() == '\n' ? 0 : 1;
  if (node.kind == Yaml::Kind::scalar) {
    const llvm::StringRef line = rest.take_until([](char c) { return c == '\n' || c == '\r'; });
    if (!node.quoted) {
      length = line.startswith(node.text) ? node.text.size() : line.size();
    } else {
      const char quote = line.empty() ? '"' : line.front();
      size_t end = 1;
      while (end < line.size() && line[end] != quote)
        end += line[end] == '\\' && quote == '"' ? 2 : 1;
      length = std::min(end + 1, line.size());
    }
  }
  return static_cast<uint32_t>(std::min<size_t>(node.begin + length, text.size()));
}

} // namespace

SourceRange YamlTree::range(const Yaml &node, llvm::StringRef text) const {
  SourceRange range;
  range.begin = static_cast<uint32_t>(std::min<size_t>(node.begin, text.size()));
  range.end = std::max(end_of(node, text), range.begin);
  const auto place = [&](uint32_t byte, uint32_t &line, uint32_t &column) {
    const auto after = std::upper_bound(line_starts.begin(), line_starts.end(), byte);
    line = static_cast<uint32_t>(after - line_starts.begin());
    column = byte - *(after - 1) + 1;
  };
  place(range.begin, range.line, range.column);
  place(range.end, range.end_line, range.end_column);
  return range;
}

YamlTree parse_yaml(llvm::StringRef path, llvm::StringRef text,
                    std::vector<Diagnostic> &diagnostics) {
  YamlTree tree;
  tree.line_starts.push_back(0);
  for (size_t at = text.find('\n'); at != llvm::StringRef::npos; at = text.find('\n', at + 1))
    tree.line_starts.push_back(static_cast<uint32_t>(at + 1));
  auto fault = [&](const diag::Entry &entry, int at, std::string message, std::string fix) {
    Yaml place;
    place.begin = static_cast<uint32_t>(std::max(at, 0));
    Diagnostic diagnostic = diag::make(entry, std::move(message), path, tree.range(place, text));
    diagnostic.fix = std::move(fix);
    diagnostics.push_back(std::move(diagnostic));
    tree.nodes.clear();
  };

  const auto *bytes = reinterpret_cast<const llvm::UTF8 *>(text.begin());
  if (!llvm::isLegalUTF8String(&bytes, reinterpret_cast<const llvm::UTF8 *>(text.end()))) {
    const auto at = reinterpret_cast<const char *>(bytes) - text.begin();
    fault(diag::N0401, static_cast<int>(at), "the text is not UTF-8", "save the file as UTF-8");
    return tree;
  }
  // yaml-cpp takes a NUL in plain text for the start of an escape.
  if (const size_t at = text.find_if([](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
               c == 0x7f;
      });
      at != llvm::StringRef::npos) {
    fault(diag::N0401, static_cast<int>(at),
          fmt::format("byte 0x{:02x} is a control character", static_cast<unsigned>(text[at])),
          "take it out; in double quotes it may be written as an escape");
    return tree;
  }
  try {
    Bytes buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    Builder builder(tree.nodes);
    parser.HandleNextDocument(builder);
    const size_t size = tree.nodes.size();
    if (parser.HandleNextDocument(builder))
      fault(diag::N0403, size < tree.nodes.size() ? static_cast<int>(tree.nodes[size].begin) : 0,
            "a fleet file holds one YAML document", "put each fleet in a file of its own");
    else if (builder.strange_key() >= 0)
      fault(diag::N0403, builder.strange_key(), "a key is a plain word or a text in quotes", "");
  } catch (const Refused &refused) {
    fault(refused.entry, refused.at, refused.message, refused.fix);
  } catch (const YAML::Exception &error) {
    fault(diag::N0401, error.mark.pos, "this is not YAML: " + error.msg, "");
  }
  return tree;
}

} // namespace nemo::fleet
