// The table itself: every entry can be shown, every bound can be read, every example is right.
#include <catch2/catch.hpp>

#include "intent/check/check.h"
#include "intent/schema/schema.h"

using namespace nemo;

namespace {

void visit(const schema::Block &block, unsigned depth) {
  INFO(block.name);
  REQUIRE(depth < 4);
  CHECK(block.doc != nullptr);
  CHECK(llvm::StringRef(block.example).startswith(block.name));
  for (const schema::Attribute &attribute : block.attributes) {
    INFO(attribute.name);
    CHECK_FALSE(llvm::StringRef(attribute.doc).empty());
    CHECK(llvm::StringRef(attribute.example).startswith(attribute.name));
    CHECK((attribute.type != schema::Type::enumerator || attribute.words));
    CHECK((attribute.type != schema::Type::quantity || attribute.dimension));
    CHECK(schema::find_attribute(block, attribute.name) == &attribute);
    CHECK_FALSE(schema::describe_type(attribute).empty());
  }
  CHECK((block.verbs == schema::no_rules || block.roots));
  for (const std::string &root : schema::words(block.roots))
    CHECK(schema::is_root(root));
  for (const schema::Block *child : block.children)
    visit(*child, depth + 1);
}

} // namespace

TEST_CASE("every entry of the table is whole") {
  for (const schema::Block *block : schema::blocks()) {
    CHECK(schema::find_block(block->name) == block);
    visit(*block, 0);
  }
  CHECK(schema::find_block("nothing") == nullptr);
}

TEST_CASE("every example of a formula checks") {
  for (const schema::Fact &fact : schema::facts()) {
    const std::string root = llvm::StringRef(fact.path).split('.').first.str();
    std::string text = "nemo = 1\ntenant acme { }\nworkload plc { exec = [\"/bin/p\"] }\nworkload "
                       "vision { exec = [\"/bin/v\"] }\n";
    std::string example = fact.example;
    const schema::Block *home = nullptr;
    for (const schema::Block *block : schema::blocks())
      if (schema::has_word(block->roots, root) && (block->verbs & schema::require) && !home)
        home = block;
    INFO(fact.path);
    REQUIRE(home != nullptr);
    std::string body = "require " + example;
    const std::string name = home->name;
    if (name == "workload")
      body = "exec = [\"/bin/x\"]\n" + body;
    else if (name == "flow")
      body = "from = plc\nto = vision\n" + body;
    else if (name == "network")
      body = "members = plc\n" + body;
    else if (name == "learning")
      body = "method = fedavg\nclients = pool\nrounds = 1\n" + body;
    else if (name == "cluster")
      body = "kind = slurm\non = pool\n" + body;
    text += "select pool { require node.tpm }\n" + name + " home {\n" + body + "\n}\n";
    proto::SourceFile file;
    file.set_path("example.nemo");
    file.set_text(text);
    const auto checked = check::check_texts({file}, {});
    for (const Diagnostic &diagnostic : checked.diagnostics)
      FAIL_CHECK(example << ": " << diagnostic.id << " " << diagnostic.message);
  }
}
