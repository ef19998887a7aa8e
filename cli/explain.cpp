// nemo explain: the long form of a diagnostic, or of an object of the intent: where it was written
// and what it came to mean once templates, defaults and units were worked out.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/diagnostics/registry.h"
#include "cli/describe.h"
#include "cli/session.h"
#include "compiler/explain/texts.h"
#include "compiler/plan/table.h"
#include "intent/check/check.h"
#include "intent/schema/schema.h"

namespace nemo::cli {

namespace {

struct Options {
  std::string what;
  std::string path = ".";
};

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

int unknown(const Session &session, const std::string &what,
            const std::vector<std::string> &known) {
  Diagnostic fault = diag::make(diag::N0817, "there is no '" + what + "' to explain");
  if (auto meant = did_you_mean(what, known))
    fault.fix = "did you mean nemo explain " + *meant + "?";
  else
    fault.fix = is_id(what)
                    ? "nemo explain lists every id"
                    : "an id (N0201), or an object of the intent as kind.NAME (workload.web)";
  return session.report(fault);
}

int explain_id(const Session &session, const std::string &id) {
  const diag::Entry *entry = diag::find(llvm::StringRef(id).upper());
  if (entry == nullptr) {
    std::vector<std::string> ids;
    for (const diag::Entry &known : diag::all())
      ids.push_back(known.id);
    return unknown(session, id, ids);
  }
  const plan::PrintStyle style = session.style();
  const char *severity = entry->severity == Severity::error     ? "error"
                         : entry->severity == Severity::warning ? "warning"
                                                                : "note";
  session.out << plan::painted(fmt::format("{} ({}): {}", entry->id, severity, entry->title),
                               plan::Tone::strong, style.color)
              << "\n\n"
              << plan::wrapped(entry->explanation, style.width, 0) << '\n';
  return ok;
}

int explain_object(const Session &session, const Options &options) {
  const check::Checked checked = check::check_path(options.path);
  if (const int code = session.report(checked.diagnostics, checked.texts()); code != ok)
    return code;
  for (const Described &object : describe(checked.intent))
    if (object.name == options.what) {
      print(session.out, object, session.style());
      return ok;
    }
  std::vector<std::string> names;
  for (const Described &object : describe(checked.intent))
    names.push_back(object.name);
  return unknown(session, options.what, names);
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

int explain_figure(const Session &session, const std::string &name) {
  llvm::SmallVector<llvm::StringRef> path;
  llvm::StringRef(name).split(path, '.');
  const schema::Fact &fact = *schema::find_fact(path);
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
  if (options.what.empty())
    return list_ids(session);
  if (is_figure(options.what))
    return explain_figure(session, options.what);
  if (!llvm::StringRef(options.what).contains('.'))
    return explain_id(session, options.what);
  return explain_object(session, options);
}

} // namespace

void add_explain(CLI::App &app, Session &session) {
  auto options = std::make_shared<Options>();
  CLI::App *command =
      app.add_subcommand(
             "explain",
             "Explain a diagnostic (N0123), an object (workload.NAME) or a figure (latency.p99)")
          ->group(group_write)
          ->fallthrough();
  command->add_option("WHAT", options->what,
                      "N0123, kind.NAME or a figure; without it, every id is listed");
  command->add_option("PATH", options->path, "Where the object is")->capture_default_str();
  command->footer("Examples:\n  nemo explain N0201\n  nemo explain workload.web shop\n"
                  "  nemo explain latency.p99");
  command->callback([options, &session] {
    session.run = [options, &session] { return explain(*options, session); };
  });
}

} // namespace nemo::cli
