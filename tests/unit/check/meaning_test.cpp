// Formatting never changes meaning, and what a plan carries checks to the same intent again.
#include <catch2/catch.hpp>

#include <filesystem>

#include "generator.h"
#include "intent/check/check.h"
#include "intent/model/model.h"
#include "intent/syntax/format.h"
#include "intent/syntax/parse.h"

using namespace nemo;
namespace fs = std::filesystem;

namespace {

std::string said(const std::vector<Diagnostic> &diagnostics) {
  std::string text;
  for (const Diagnostic &d : diagnostics)
    text += d.file + ":" + std::to_string(d.range.line) + ": " + d.id + " " + d.message + "\n";
  return text;
}

proto::SourceFile source(const std::string &path, const std::string &text) {
  proto::SourceFile file;
  file.set_path(path);
  file.set_text(text);
  return file;
}

/// Formats every file and checks again.
void keeps_its_meaning(const check::Checked &before) {
  std::vector<proto::SourceFile> formatted;
  for (const proto::SourceFile &file : before.intent.files()) {
    const auto parsed = syntax::parse(file.path(), file.text());
    REQUIRE_FALSE(has_errors(parsed.diagnostics));
    const std::string once = syntax::format(parsed.file);
    CHECK(syntax::format(syntax::parse(file.path(), once).file) == once);
    formatted.push_back(source(file.path(), once));
  }
  const check::Checked after = check::check_texts(
      formatted, {before.intent.artifacts().begin(), before.intent.artifacts().end()});
  INFO(said(after.diagnostics));
  REQUIRE_FALSE(has_errors(after.diagnostics));
  CHECK(model::same_meaning(before.intent, after.intent));
}

/// From the texts that a plan embeds comes the same message, byte for byte.
void checks_again(const check::Checked &first) {
  const check::Checked again =
      check::check_texts({first.intent.files().begin(), first.intent.files().end()},
                         {first.intent.artifacts().begin(), first.intent.artifacts().end()});
  INFO(said(again.diagnostics));
  CHECK(again.intent.SerializeAsString() == first.intent.SerializeAsString());
  CHECK(check::intent_digest(again.intent) == first.intent.digest());
}

} // namespace

TEST_CASE("good files keep their meaning") {
  const fs::path root = std::getenv("NEMO_SOURCE_DIR");
  std::vector<std::string> paths{(root / "examples/shop").string()};
  for (const auto &entry : fs::directory_iterator(root / "tests/language/check/good"))
    paths.push_back(entry.path().string());
  for (const std::string &path : paths) {
    const check::Checked checked = check::check_path(path);
    INFO(path << "\n" << said(checked.diagnostics));
    REQUIRE(checked.diagnostics.empty());
    keeps_its_meaning(checked);
    checks_again(checked);
  }
}

TEST_CASE("random intents keep their meaning") {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    const std::string text = random_intent(seed);
    const check::Checked checked = check::check_texts({source("random.nemo", text)}, {});
    INFO("seed " << seed << "\n" << text << said(checked.diagnostics));
    REQUIRE(checked.diagnostics.empty());
    keeps_its_meaning(checked);
    checks_again(checked);
  }
}

TEST_CASE("what is meant differs when a value does") {
  const std::string text = "nemo = 1\nworkload w { exec = [\"/bin/w\"]; replicas = 2 }\n";
  std::string other = text;
  other.replace(other.find("= 2"), 3, "= 3");
  const auto a = check::check_texts({source("a.nemo", text)}, {});
  const auto b = check::check_texts({source("a.nemo", other)}, {});
  CHECK_FALSE(model::same_meaning(a.intent, b.intent));
  CHECK(a.intent.digest() != b.intent.digest());
  CHECK(model::find_workload(b.intent, "w")->replicas_min() == 3);
  CHECK(model::find_workload(b.intent, "v") == nullptr);
}

TEST_CASE("a compiled intent survives the wire, however deep its formulas") {
  std::string text = "nemo = 1\nselect s { require ";
  for (int i = 0; i < 70; ++i)
    text += "(node.tpm or ";
  text += "node.tpm" + std::string(70, ')') + " }\n";
  const auto checked = check::check_texts({source("deep.nemo", text)}, {});
  INFO(said(checked.diagnostics));
  proto::Intent back;
  if (checked.diagnostics.empty()) {
    REQUIRE(back.ParseFromString(checked.intent.SerializeAsString()));
    CHECK(model::same_meaning(back, checked.intent));
  } else {
    CHECK(checked.diagnostics.front().id == "N0221");
  }
}

TEST_CASE("defaults are filled in") {
  const auto checked = check::check_texts(
      {source("a.nemo", "nemo = 1\nworkload w { exec = [\"/bin/w\"]; ports { http = auto }\n"
                        "health { tcp = true } }\n")},
      {});
  REQUIRE(checked.diagnostics.empty());
  CHECK(checked.intent.stack() == "default");
  const proto::Workload &w = checked.intent.workloads(0);
  CHECK(w.sandbox() == "process");
  CHECK(w.network() == "host");
  CHECK(w.replicas_min() == 1);
  CHECK(w.replicas_max() == 1);
  CHECK(w.resources().cpu_millicores() == 100);
  CHECK(w.resources().memory_bytes() == 64u << 20);
  CHECK(w.resources().pids() == 512);
  CHECK(w.health().kind() == proto::Health::TCP);
  CHECK(w.health().port().empty());
  CHECK(w.health().every_ms() == 2000);
  CHECK(w.health().timeout_ms() == 500);
  CHECK(w.health().grace_ms() == 10000);
  CHECK(w.health().failures() == 3);
  CHECK(w.restart().policy() == proto::Restart::ALWAYS);
  CHECK(w.restart().backoff_ms() == 1000);
  CHECK(w.restart().backoff_max_ms() == 30000);
  CHECK(w.stop_grace_ms() == 10000);
  CHECK(w.stop_signal() == "TERM");
}
