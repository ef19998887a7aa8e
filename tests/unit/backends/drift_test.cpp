// Drift: the plan's actions say what runs wrongly where; what the plan keeps is looked at for
// health.
#include <catch2/catch.hpp>

#include "backends/wire/refusal.h"
#include "orchestrator/destroy.h"
#include "orchestrator/drift.h"
#include "orchestrator/stale.h"
#include "orchestrator/status.h"

using namespace nemo;
using namespace nemo::orchestrator;

namespace {

void add(proto::Plan &plan, const char *verb, const char *object) {
  proto::Action *action = plan.add_actions();
  action->set_verb(verb);
  action->set_object(std::string("workload.") + object);
  action->set_node("local");
  action->set_from_node("far");
}

proto::Running *running(proto::Fleet &fleet, const char *workload, proto::Running::State state) {
  proto::Running *running = fleet.add_running();
  running->set_stack("shop");
  running->set_workload(workload);
  running->set_node("local");
  running->set_revision("r1");
  running->set_state(state);
  return running;
}

} // namespace

TEST_CASE("each kind of difference has its name") {
  proto::Plan plan;
  plan.set_stack("shop");
  for (const auto &[verb, object] : {std::pair{"create", "a/0"},
                                     {"delete", "b/0"},
                                     {"replace", "c/0"},
                                     {"move", "d/0"},
                                     {"keep", "e/0"},
                                     {"keep", "f/0"},
                                     {"keep", "g/0"}})
    add(plan, verb, object);
  proto::Fleet fleet;
  running(fleet, "e", proto::Running::RUNNING);
  running(fleet, "f", proto::Running::BACKOFF)->set_exit_code(3);
  const std::vector<Drift> found = drift(plan, fleet);
  std::vector<std::string> kinds;
  for (const Drift &item : found)
    kinds.push_back(item.kind + " " + item.object);
  CHECK(kinds == std::vector<std::string>{"missing workload.a/0", "extra workload.b/0",
                                          "changed workload.c/0", "other-node workload.d/0",
                                          "not-healthy workload.f/0", "missing workload.g/0"});
  CHECK(found[4].why.find("exited with code 3") != std::string::npos);
}

TEST_CASE("status joins what is wanted with what is reported") {
  proto::Fleet fleet;
  running(fleet, "web", proto::Running::RUNNING);
  running(fleet, "other", proto::Running::RUNNING)->set_stack("else");
  proto::PartState *state = fleet.add_parts();
  state->set_generation(7);
  state->mutable_part()->set_stack("shop");
  state->mutable_part()->set_node("local");
  for (const char *name : {"web", "db"}) {
    proto::Instance *instance = state->mutable_part()->add_instances();
    instance->set_workload(name);
    instance->set_revision("r1");
    instance->mutable_spec()->mutable_resources()->set_cpu_millicores(500);
  }
  const Status status = status_of(fleet, "shop");
  CHECK(status.generation == 7);
  REQUIRE(status.replicas.size() == 2);
  CHECK(status.replicas[0].observed.workload() == "db"); // wanted, and nobody reports it
  CHECK(status.replicas[0].observed.state() == proto::Running::UNKNOWN);
  CHECK(status.replicas[1].reserved->cpu_millicores() == 500);
  CHECK(stacks_of(fleet) == std::vector<std::string>{"else", "shop"});
  CHECK(status_of(fleet, "").replicas.size() == 3);

  proto::Fleet removed; // what was destroyed leaves a part that wants nothing any more
  *removed.add_parts() = *state;
  for (proto::Instance &instance : *removed.mutable_parts(0)->mutable_part()->mutable_instances())
    instance.set_retiring(true);
  CHECK(stacks_of(removed).empty());
}

TEST_CASE("what moved between two intents is named") {
  proto::Intent before, after;
  auto file = [](proto::Intent &intent, const char *path, const char *text) {
    intent.add_files()->set_path(path);
    intent.mutable_files(intent.files_size() - 1)->set_text(text);
  };
  file(before, "a.nemo", "1");
  file(before, "b.nemo", "1");
  file(after, "a.nemo", "2");
  file(after, "c.nemo", "1");
  CHECK(sources_moved(before, after) ==
        std::vector<std::string>{"a.nemo has changed", "b.nemo is gone", "c.nemo is new"});
  CHECK(sources_moved(before, before).empty());
}

TEST_CASE("a backend's refusal becomes the diagnostic that says what to do") {
  using proto::BackendError;
  const std::pair<BackendError::Code, const char *> all[] = {{BackendError::CONFLICT, "N0807"},
                                                             {BackendError::OWNED, "N0808"},
                                                             {BackendError::DENIED, "N0803"},
                                                             {BackendError::MISSING, "N0806"}};
  for (const auto &[code, id] : all) {
    BackendError error;
    error.set_code(code);
    error.set_holder("ann@far, pid 7");
    const auto diagnostics =
        backend_diagnostics(llvm::make_error<backends::Refusal>("the agent", error));
    REQUIRE(diagnostics.size() == 1);
    CHECK(diagnostics[0].id == id);
    if (code == BackendError::CONFLICT || code == BackendError::OWNED)
      CHECK(diagnostics[0].message.find("ann@far, pid 7") != std::string::npos);
  }
}

TEST_CASE("an agent that protects what a delivery takes away is understood") {
  proto::BackendError said;
  said.set_code(proto::BackendError::PROTECTED);
  said.set_holder("db/0");
  const auto faults = backend_diagnostics(llvm::make_error<backends::Refusal>("local", said));
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].id == "N0818");
  CHECK(faults[0].fix.find("nemo unprotect db") != std::string::npos);
}
