// nemo graph: the intent and its plan as a picture.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/diagnostics/registry.h"
#include "base/subprocess.h"
#include "cli/session.h"
#include "compiler/plan/graph/graph.h"
#include "orchestrator/make_plan.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"

namespace nemo::cli {

namespace {

struct Options {
  orchestrator::PlanRequest request;
  std::string format = "dot";
};

/// Graphviz is called as a program, never linked.
int draw(const Session &session, const std::string &dot) {
  auto fail = [&](std::string message, std::string fix) {
    Diagnostic fault = diag::make(diag::N0837, std::move(message));
    fault.fix = std::move(fix);
    return session.report(fault);
  };
  if (find_program("dot").empty())
    return fail("--format svg needs Graphviz, and there is no program `dot` on PATH",
                "install graphviz, or use --format dot or --format mermaid");
  int fd = -1;
  llvm::SmallString<128> path;
  if (const auto error = llvm::sys::fs::createTemporaryFile("nemo", "dot", fd, path))
    return fail("cannot make a temporary file for dot: " + error.message(), "");
  const llvm::FileRemover remover(path);
  llvm::raw_fd_ostream file(fd, /*shouldClose=*/true);
  file << dot;
  file.close();
  if (const auto error = file.error()) {
    file.clear_error();
    return fail("cannot write a temporary file for dot: " + error.message(), "");
  }
  auto drawn = run({"dot", "-Tsvg", path.str().str()});
  if (!drawn)
    return fail("cannot run dot: " + llvm::toString(drawn.takeError()), "");
  if (drawn->exit_code != 0)
    return fail(fmt::format("dot ended with exit code {}", drawn->exit_code),
                "see what it printed above; --format dot prints its input");
  session.out << drawn->text;
  return ok;
}

int graph(const Options &options, const Session &session) {
  const orchestrator::Planned planned = orchestrator::make_plan(options.request);
  session.report(planned.diagnostics, planned.texts());
  if (!planned.seen) // the intent, the fleet file or the backend was at fault
    return fault;
  // Without a plan the picture still shows what is wanted and what there is.
  const proto::Plan *plan = planned.plan ? &*planned.plan : nullptr;
  const plan::graph::Graph made =
      plan::graph::make(planned.checked.intent, planned.seen->fleet, plan);
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (options.format == "mermaid")
    plan::graph::print_mermaid(stream, made);
  else
    plan::graph::print_dot(stream, made);
  stream.flush();
  int code = ok;
  if (options.format == "svg")
    code = draw(session, text);
  else
    session.out << text;
  return plan == nullptr ? fault : code;
}

} // namespace

void add_graph(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  orchestrator::PlanRequest &request = options->request;
  CLI::App *command =
      app.add_subcommand("graph", "Draw workloads, nodes and dependencies, and what a plan changes")
          ->group(group_see)
          ->fallthrough();
  command->add_option("PATH", request.path, "A .nemo file, or a directory of them")
      ->capture_default_str();
  command->add_option("--format", options->format, "dot, mermaid, or svg (which needs Graphviz)")
      ->check(CLI::IsMember({"dot", "mermaid", "svg"}))
      ->type_name("FORMAT")
      ->capture_default_str();
  command->add_option("--fleet", request.fleet_file, "Plan for the fleet in this YAML file")
      ->type_name("FILE");
  command->add_option("--backend", request.backend, backend_help)->type_name("NAME");
  command->footer(
      "Green is created, orange changed, blue moved, brown renamed, teal protected from now on,\n"
      "red removed, grey goes on as it is.\n\n"
      "Examples:\n"
      "  nemo graph shop --format svg > shop.svg\n"
      "  nemo graph shop --fleet eu.yaml --format mermaid\n"
      "  nemo graph shop | dot -Tpng > shop.png");
  command->callback([options, &session] {
    session.run = [options, &session] { return graph(*options, session); };
  });
}

} // namespace nemo::cli
