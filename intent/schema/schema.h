// The one table of what the language has: blocks, attributes, and the names inside formulas. The
// checker, completion, hover text and the reference page all read it, so a word is described once.
//
// The table is constant data: texts for what is a quantity ("64MiB") and '|' between words, so that
// an entry reads as its documentation.
#pragma once

#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace nemo::schema {

enum class Type : uint8_t {
  any,        ///< whatever constant: labels, a parameter's default
  text,       ///< "..."; where `dimension` is given, also a quantity of it
  boolean,    ///< true, false
  count,      ///< a whole number
  number,     ///< any number; also with %, when `dimension` is empty
  quantity,   ///< a number with a unit of `dimension`
  enumerator, ///< one of `words`
  reference,  ///< an object of one of the kinds in `words`
  endpoint,   ///< a workload, or its port as workload.port
  port,       ///< auto, or 1 to 65535
  scalar,     ///< text, number, quantity or boolean, kept as text (env)
  name,       ///< a bare name that is declared here (import's `as`)
};

/// Which spelling of data an attribute takes; both are one dimension.
enum class Data : uint8_t { either, bytes, bits };

/// One attribute of a block. Absent texts are null.
struct Attribute {
  const char *name;
  Type type;
  /// Canonical text ("s", "bit s^-1"); of a quantity, or of one that may stand for an enumerator
  /// or a text.
  const char *dimension = nullptr;
  const char *words = nullptr; ///< "a|b|c": enumerators, or kinds of object
  Data data = Data::either;
  bool list = false;          ///< takes [a, b]; one element may stand without brackets
  bool range = false;         ///< takes low..high
  bool required = false;      ///< the block is wrong without it
  const char *step = nullptr; ///< the finest difference that can be said: "1mcore"
  const char *min = nullptr;
  const char *max = nullptr;
  const char *standard = nullptr; ///< what holds when it is absent, as an author would write it
  const char *doc;
  const char *example;
};

/// The same attribute under the name that its author gave it: a port, a template's parameter.
inline Attribute named(Attribute attribute, const std::string &name) {
  attribute.name = name.c_str();
  return attribute;
}

/// Verbs that a block's rules may begin with; bits of Block::verbs.
enum Verbs : uint8_t {
  no_rules = 0,
  require = 1,
  prefer = 2,
  deny = 4,
  minimize = 8,
  maximize = 16,
  when = 32,
};

/// Clauses a block's rules may end with; bits of Block::clauses.
enum Clauses : uint8_t { over = 1, hold = 2, weight = 4, where = 8, otherwise = 16 };

/// What the labels of a block are.
enum class Labels : uint8_t {
  none,
  name,          ///< declares an object: an RFC 1123 label
  optional_name, ///< the same, may be left out
  path,          ///< import "path"
  ends,          ///< link FROM TO: two names of nodes or sites
  use,           ///< use TEMPLATE [NAME]
};

struct Block {
  const char *name;
  Labels labels = Labels::none;
  bool repeatable = false;  ///< more than one in the same body
  bool body_needed = true;  ///< false: `import "x"` may stand alone
  bool checked_here = true; ///< false: meaning is given elsewhere (template, use)
  llvm::ArrayRef<Attribute> attributes;
  const Attribute *free_form = nullptr; ///< names are the author's, values are like this one
  const char *free_names =
      nullptr; ///< what such a name may be: "label", "variable", "port", "device"
  llvm::ArrayRef<const Block *> children;
  uint8_t verbs = no_rules;
  uint8_t clauses = 0;
  const char *roots = nullptr;   ///< "node|site": names that its formulas may begin with
  const char *actions = nullptr; ///< bare words that `else` takes beside a text
  const char *doc;
  const char *example;
};

/// A name inside formulas and what it is. `path` has its members by dots; a last member `*` is any.
struct Fact {
  const char *path;
  Type type;
  const char *dimension = nullptr;
  const char *words = nullptr; ///< enumerators, or the kind of object
  bool list = false;           ///< several at once: `process in node.sandboxes`
  bool predicted = false;      ///< a metric: needs a model to predict or an agent to measure it
  const char *doc;
  const char *example;
};

/// The blocks that may stand at the top of a file, in the order of the reference page.
llvm::ArrayRef<const Block *> blocks();
const Block *find_block(llvm::StringRef name);
const Block *find_child(const Block &parent, llvm::StringRef name);
/// Also the value of a free-form block, for every name.
const Attribute *find_attribute(const Block &block, llvm::StringRef name);
/// `nemo = 1`, `stack = "shop"`.
llvm::ArrayRef<Attribute> top_attributes();
const Attribute *find_top_attribute(llvm::StringRef name);

llvm::ArrayRef<Fact> facts();
/// \param path  members; {"node", "labels", "cell"} finds "node.labels.*".
const Fact *find_fact(llvm::ArrayRef<llvm::StringRef> path);
/// First members of all facts.
std::vector<std::string> roots();
bool is_root(llvm::StringRef name);
/// What may follow these members: names for completion and "did you mean".
std::vector<std::string> members(llvm::ArrayRef<llvm::StringRef> path);

/// Types that a template's parameter may have: "count", "text", "time", "data", ...
llvm::ArrayRef<Attribute> parameter_types();
const Attribute *find_parameter_type(llvm::StringRef name);

/// "a|b|c" as a list; the empty list for null.
std::vector<std::string> words(const char *text);
bool has_word(const char *text, llvm::StringRef word);
/// What may name a kind of device: "google.com/coral". As Kubernetes names what its device plugins
/// offer, without its rules on where a '/' is.
bool is_device_name(llvm::StringRef text);

/// Everything that may be written in this body: attributes, blocks, verbs.
std::vector<std::string> statement_names(const Block &block);
/// What kind of value an attribute takes, in words: "a quantity of data in bytes".
std::string describe_type(const Attribute &attribute);

} // namespace nemo::schema
