// nemo explain: the long form of a diagnostic, or of an object of the intent: where it was written
// and what it came to mean once templates, defaults and units were worked out; of a workload also
// why the plan puts it where it does.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/diagnostics/registry.h"
#include "cli/describe.h"
#include "cli/session.h"
#include "cli/which.h"
#include "compiler/explain/texts.h"
#include "compiler/plan/json_parts.h"
#include "compiler/plan/table.h"
#include "compiler/why/print.h"
#include "intent/schema/schema.h"
#include "orchestrator/explain.h"

namespace nemo::cli {

namespace {

struct Options {
  std::string what;
  orchestrator::PlanRequest request;
  std::optional<uint32_t> replica;
  bool json = false;
};

void document(const Session &session, llvm::function_ref<void(llvm::json::OStream &)> members) {
  llvm::json::OStream json(session.out, 2);
  json.object([&] {
    json.attribute("version", 1);
    members(json);
  });
  session.out << '\n';
}

bool is_id(llvm::StringRef text) {
  return text.size() == 5 && text.consume_front("N") &&
         llvm::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int list_ids(const Session &session) {
  plan::Table table(0);
  for (const diag::Entry &entry : diag::all())
    table.row({{entry.id, plan::Tone::strong}, {entry.title}});
  table.print(session.out, session.style());
  return ok;
}

int unknown(const Session &session, const Options &options, const std::string &what,
            const std::vector<std::string> &known) {
  Diagnostic fault = diag::make(diag::N0817, "there is no '" + what + "' to explain");
  if (auto meant = did_you_mean(what, known))
    fault.fix = "did you mean nemo explain " + *meant + "?";
  else
    fault.fix = is_id(what)
                    ? "nemo explain lists every id"
                    : "an id (N0201), or an object of the intent as kind.NAME (workload.web)";
  return options.json ? session.report_json(fault) : session.report(fault);
}

int explain_id(const Session &session, const Options &options) {
  const std::string &id = options.what;
  const diag::Entry *entry = diag::find(llvm::StringRef(id).upper());
  if (entry == nullptr) {
    std::vector<std::string> ids;
    for (const diag::Entry &known : diag::all())
      ids.push_back(known.id);
    return unknown(session, options, id, ids);
  }
  const plan::PrintStyle style = session.style();
  const char *severity = entry->severity == Severity::error     ? "error"
                         : entry->severity == Severity::warning ? "warning"
                                                                : "note";
  if (options.json) {
    document(session, [&](llvm::json::OStream &json) {
      json.attribute("id", entry->id);
      json.attribute("severity", severity);
      json.attribute("title", entry->title);
      json.attribute("explanation", entry->explanation);
    });
    return ok;
  }
  session.out << plan::painted(fmt::format("{} ({}): {}", entry->id, severity, entry->title),
                               plan::Tone::strong, style.color)
              << "\n\n"
              << plan::wrapped(entry->explanation, style.width, 0) << '\n';
  return ok;
}

void write(llvm::json::OStream &json, const Described &object) {
  json.attributeObject("object", [&] {
    plan::json_parts::words(json, "name", object.name);
    plan::json_parts::nullable(json, "place", object.place);
    json.attributeArray("facts", [&] {
      for (const auto &[name, value] : object.facts)
        json.object([&] {
          plan::json_parts::words(json, "name", name);
          plan::json_parts::words(json, "value", value);
        });
    });
  });
}

std::optional<Described> find(const proto::Intent &intent, const std::string &name) {
  for (Described &object : describe(intent))
    if (object.name == name)
      return std::move(object);
  return std::nullopt;
}

int unknown_object(const Session &session, const Options &options, const proto::Intent &intent,
                   const std::string &what) {
  std::vector<std::string> names;
  for (const Described &object : describe(intent))
    names.push_back(object.name);
  return unknown(session, options, what, names);
}

int explain_object(const Session &session, const Options &options) {
  const check::Checked checked = check::check_path(options.request.path);
  if (options.json && has_errors(checked.diagnostics))
    return session.report_json(checked.diagnostics);
  if (const int code = session.report(checked.diagnostics, checked.texts()); code != ok)
    return code;
  const auto object = find(checked.intent, options.what);
  if (!object)
    return unknown_object(session, options, checked.intent, options.what);
  if (options.json)
    document(session, [&](llvm::json::OStream &json) { write(json, *object); });
  else
    print(session.out, *object, session.style());
  return ok;
}

/// Without a fleet that was asked for by name, the placement is left out and the rest told.
void excuse_fleet(const Options &options, std::vector<Diagnostic> &diagnostics) {
  if (options.request.fleet_file || options.request.backend)
    return;
  Diagnostic none = diag::make(diag::N0839, "why it is placed where it is cannot be told without a "
                                            "fleet");
  for (const Diagnostic &fault : diagnostics)
    if (fault.severity == Severity::error)
      none.notes.push_back({fault.message});
  none.fix = "start an agent (nemo agent start), or give a fleet: --fleet FILE";
  llvm::erase_if(diagnostics,
                 [](const Diagnostic &fault) { return fault.severity == Severity::error; });
  diagnostics.push_back(std::move(none));
}

int explain_workload(const Session &session, const Options &options, const std::string &name,
                     std::optional<uint32_t> replica) {
  orchestrator::Explained found = orchestrator::explain(
      options.request, llvm::StringRef(name).split('.').second.str(), replica);
  const orchestrator::Planned &planned = found.planned;
  std::vector<Diagnostic> diagnostics = planned.diagnostics;
  auto report = [&] {
    return options.json ? session.report_json(diagnostics)
                        : session.report(diagnostics, planned.texts());
  };
  if (has_errors(planned.checked.diagnostics) || has_errors(planned.fleet_file.diagnostics))
    return report();
  const auto object = find(planned.checked.intent, name);
  if (!object)
    return unknown_object(session, options, planned.checked.intent, name);
  if (replica && found.explanation && found.explanation->stories.empty() &&
      found.explanation->finished.empty() && found.explanation->waiting.empty())
    return unknown(session, options, fmt::format("{}/{}", name, *replica), {name});
  if (!planned.seen)
    excuse_fleet(options, diagnostics);
  if (options.json && !found.explanation && has_errors(diagnostics))
    return report();
  if (options.json) {
    document(session, [&](llvm::json::OStream &json) {
      write(json, *object);
      if (found.explanation)
        why::write(json, *found.explanation);
      else
        json.attribute("replicas", nullptr);
      render_json(json, diagnostics);
    });
    return has_errors(diagnostics) ? fault : ok;
  }
  print(session.out, *object, session.style());
  if (found.explanation)
    why::print(session.out, *found.explanation, session.style());
  return report();
}

/// The model behind a figure; nothing where no model predicts it.
std::vector<proto::Model> models_of(const std::string &figure) {
  if (figure == "availability")
    return {explain::availability_model()};
  if (figure == "throughput")
    return {explain::throughput_model()};
  if (figure == "cost")
    return {explain::cost_model()};
  if (figure == "energy")
    return {explain::power_model()};
  if (figure == "carbon")
    return {explain::carbon_model()};
  if (llvm::StringRef(figure).startswith("latency.") && figure != "latency.max")
    return {explain::latency_model(), explain::flow_latency_model()};
  return {};
}

bool is_figure(llvm::StringRef name) {
  llvm::SmallVector<llvm::StringRef> path;
  name.split(path, '.');
  const schema::Fact *fact = schema::find_fact(path);
  return fact != nullptr && fact->predicted;
}

int explain_figure(const Session &session, const Options &options) {
  const std::string &name = options.what;
  llvm::SmallVector<llvm::StringRef> path;
  llvm::StringRef(name).split(path, '.');
  const schema::Fact &fact = *schema::find_fact(path);
  if (options.json) {
    document(session, [&](llvm::json::OStream &json) {
      json.attribute("figure", name);
      json.attribute("doc", fact.doc);
      json.attribute("example", fact.example);
      json.attributeArray("models", [&] {
        for (const proto::Model &model : models_of(name))
          json.object([&] {
            json.attribute("name", model.name());
            json.attribute("source", model.source());
          });
      });
    });
    return ok;
  }
  const plan::PrintStyle style = session.style();
  session.out << plan::painted(name, plan::Tone::strong, style.color) << "\n\n"
              << plan::wrapped(fact.doc, style.width, 0) << "\n\n  require " << fact.example
              << "\n\n";
  plan::Table table(0);
  for (const proto::Model &model : models_of(name))
    table.row({{model.name(), plan::Tone::strong}, {model.source()}});
  if (table.empty())
    session.out << "No model predicts it: a `require` on it cannot be planned, a `prefer` is shown "
                   "as not predicted.\n";
  table.print(session.out, style);
  return ok;
}

int explain(const Options &options, const Session &session) {
  const llvm::StringRef what = options.what;
  if (what.empty())
    return list_ids(session);
  if (is_figure(what))
    return explain_figure(session, options);
  if (!what.contains('.'))
    return explain_id(session, options);
  if (!what.startswith("workload."))
    return explain_object(session, options);
  const auto which = parse_which(what);
  if (!which)
    return unknown(session, options, options.what, {});
  return explain_workload(session, options, "workload." + which->workload,
                          which->replica ? which->replica : options.replica);
}

} // namespace

void add_explain(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  orchestrator::PlanRequest &request = options->request;
  request.start_agent = false;
  CLI::App *command =
      app.add_subcommand("explain",
                         "Explain a diagnostic, an object, a figure, or where a workload is placed")
          ->group(group_write)
          ->fallthrough();
  command->add_option(
      "WHAT", options->what,
      "N0123, kind.NAME, workload.NAME/REPLICA, or a figure; without it, every id is listed");
  command->add_option("PATH", request.path, "Where the object is")->capture_default_str();
  command->add_option("--replica", options->replica, "Only this replica of the workload")
      ->type_name("N");
  command->add_option("--fleet", request.fleet_file, "Plan for the fleet in this YAML file")
      ->type_name("FILE");
  command->add_option("--backend", request.backend, backend_help)->type_name("NAME");
  command->add_flag("--json", options->json, "Print JSON");
  command->footer(
      "For a workload: the terms of the objective on its node and on the next best one, what keeps "
      "the\n"
      "other nodes out, and the least change of a price, or the one rule less, that would move "
      "it. Every\n"
      "such answer was found by planning again; nothing is touched.\n\n"
      "Examples:\n"
      "  nemo explain N0201\n"
      "  nemo explain latency.p99\n"
      "  nemo explain workload.web shop\n"
      "  nemo explain workload.web/1 shop --fleet eu.yaml\n"
      "  nemo explain workload.web shop --fleet eu.yaml --json | jq '.replicas[].would_move'");
  command->callback([options, &session] {
    session.run = [options, &session] { return explain(*options, session); };
  });
}

} // namespace nemo::cli
