// Plan goldens: every folder here holds an intent, a fleet and what the compiler has to make of
// them. `before.nemo`, where there is one, was applied first; `flags` holds words: `destroy`,
// `target NAME`, `exclude NAME`, `ask NAME REPLICA NODE`, `drain NODE` and `cordon NODE` for what
// an operator has said since then, `lose NODE` for one that is gone since then, `finish NAME` for a
// job that has ended well since then, and `lacks NODE CAPABILITY` for what a fleet file has no form
// for. With --update the files are written instead of compared.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/compile.h"
#include "compiler/plan/print.h"
#include "compiler/verify/verify.h"
#include "intent/check/check.h"
#include "intent/fleet/fleet_file.h"
#include "models.h"

using namespace nemo;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string rendered(const std::vector<Diagnostic> &diagnostics, const SourceTexts &texts) {
  std::string text;
  llvm::raw_string_ostream out(text);
  render(out, diagnostics, texts, {});
  return out.str();
}

void lack(proto::Node &node, const std::string &name) {
  proto::Capability *found = nullptr;
  for (proto::Capability &capability : *node.mutable_capabilities())
    if (capability.name() == name)
      found = &capability;
  if (!found)
    found = node.add_capabilities();
  found->set_name(name);
  found->set_available(false);
  found->set_reason("the kernel has none");
}

struct Outcome {
  std::string text; ///< the plan for people, or the diagnostics
  std::string json; ///< empty without a plan
  bool sound = true;
};

Outcome run(const fs::path &folder) {
  fleet::FleetFile fleet = fleet::parse_fleet("fleet.yaml", read(folder / "fleet.yaml"));
  SourceTexts fleet_texts;
  fleet_texts.add("fleet.yaml", fleet.text);
  if (has_errors(fleet.diagnostics))
    return {rendered(fleet.diagnostics, fleet_texts), "", false};
  std::vector<std::string> targets, excludes;
  std::vector<proto::AskedMove> asked;
  auto compile = [&](const char *file, const proto::Fleet &facts, bool destroy) {
    proto::SourceFile source;
    source.set_path(file);
    source.set_text(read(folder / file));
    check::Checked checked = check::check_texts({source}, {});
    compiler::Compiled compiled;
    compiler::Inputs inputs;
    inputs.intent = checked.intent;
    inputs.fleet = facts;
    inputs.source = "https://example.org/shop.git";
    inputs.intent_path = ".";
    inputs.destroy = destroy;
    inputs.targets = targets;
    inputs.excludes = excludes;
    inputs.asked = asked;
    if (has_errors(checked.diagnostics))
      compiled.diagnostics = checked.diagnostics;
    else
      compiled = compiler::compile(inputs);
    return std::make_pair(std::move(compiled), std::move(checked));
  };
  proto::Fleet facts = fleet.fleet;
  bool destroy = false;
  std::istringstream flags(read(folder / "flags"));
  std::vector<std::string> only, but, lost, finished;
  std::vector<proto::AskedMove> moves;
  std::map<std::string, proto::Cordon> cordons;
  for (std::string word, node, capability; flags >> word;) {
    destroy |= word == "destroy";
    if (word == "target" || word == "exclude")
      flags >> (word == "target" ? only : but).emplace_back();
    if (word == "ask") {
      proto::AskedMove &move = moves.emplace_back();
      uint32_t replica = 0;
      flags >> *move.mutable_workload() >> replica >> *move.mutable_node();
      move.set_replica(replica);
    }
    if ((word == "drain" || word == "cordon") && flags >> node) {
      cordons[node].set_drained(word == "drain");
      cordons[node].set_reason("its disk fails");
    }
    if (word == "lose")
      flags >> lost.emplace_back();
    if (word == "finish")
      flags >> finished.emplace_back();
    if (word == "lacks" && flags >> node >> capability)
      for (proto::Node &one : *facts.mutable_nodes())
        if (one.name() == node)
          lack(one, capability);
  }
  if (fs::exists(folder / "before.nemo")) {
    auto [before, checked] = compile("before.nemo", facts, false);
    if (!before.plan)
      return {rendered(before.diagnostics, checked.texts()), "", false};
    test::Inputs inputs;
    inputs.fleet = facts;
    facts = test::applied(inputs, *before.plan);
  }
  for (const std::string &name : finished)
    for (proto::Running &running : *facts.mutable_running())
      if (running.workload() == name)
        running.set_state(proto::Running::EXITED);
  for (const std::string &name : lost)
    for (int i = facts.nodes_size() - 1; i >= 0; --i)
      if (facts.nodes(i).name() == name)
        facts.mutable_nodes()->DeleteSubrange(i, 1);
  for (proto::Node &one : *facts.mutable_nodes())
    if (const auto cordon = cordons.find(one.name()); cordon != cordons.end())
      *one.mutable_cordon() = cordon->second;
  asked = std::move(moves);
  targets = std::move(only);
  excludes = std::move(but);
  auto [compiled, checked] = compile("intent.nemo", facts, destroy);
  Outcome outcome;
  if (!compiled.plan) {
    outcome.text = rendered(compiled.diagnostics, checked.texts());
    return outcome;
  }
  llvm::raw_string_ostream text(outcome.text), json(outcome.json);
  plan::PrintStyle style;
  style.level = plan::Level::full;
  plan::print(text, *compiled.plan, style);
  plan::print_json(json, *compiled.plan);
  text.flush();
  json.flush();
  // Whoever makes a plan and whoever checks it agree, on every golden.
  for (const Diagnostic &fault : verify::verify(*compiled.plan)) {
    outcome.sound = false;
    std::cerr << folder.filename().string() << ": verify: " << fault.id << " " << fault.message
              << "\n";
    for (const Note &note : fault.notes)
      std::cerr << "    " << note.text << "\n";
  }
  return outcome;
}

bool compare(const fs::path &golden, const std::string &found, bool update) {
  const bool wanted = fs::exists(golden);
  if (update) {
    if (found.empty())
      fs::remove(golden);
    else
      std::ofstream(golden, std::ios::binary) << found;
    return true;
  }
  if (wanted ? read(golden) == found : found.empty())
    return true;
  std::cerr << "--- " << golden.string() << " differs; found:\n" << found << "\n";
  return false;
}

} // namespace

int main(int argc, char **argv) {
  const bool update = argc > 1 && std::string(argv[1]) == "--update";
  const char *root = std::getenv("NEMO_SOURCE_DIR");
  const fs::path goldens = fs::path(root ? root : ".") / "tests/plan";
  int count = 0, failed = 0;
  std::vector<fs::path> folders;
  for (const auto &entry : fs::directory_iterator(goldens))
    if (fs::exists(entry.path() / "intent.nemo"))
      folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  for (const fs::path &folder : folders) {
    const Outcome outcome = run(folder);
    bool good = outcome.sound;
    good &= compare(folder / "plan.txt", outcome.text, update);
    good &= compare(folder / "plan.json", outcome.json, update);
    ++count;
    failed += !good;
    std::cout << (good ? "ok      " : "FAILED  ") << folder.filename().string() << "\n";
  }
  std::cout << count - failed << " of " << count << " plans are as they should be\n";
  return failed == 0 && count > 0 ? 0 : 1;
}
