#include "compiler/plan/json_parts.h"
#include "compiler/plan/print.h"

namespace nemo::plan {

void print_json(llvm::raw_ostream &out, const proto::Plan &plan) {
  using namespace json_parts;
  OStream json(out, 2);
  json.object([&] {
    json.attribute("version", 1);
    words(json, "stack", plan.stack());
    nullable(json, "commit", plan.commit());
    words(json, "intent_digest", plan.intent_digest());
    words(json, "fleet_digest", plan.fleet_digest());
    words(json, "digest", plan.digest());
    json.attribute("reproducible", plan.reproducible());
    json.attribute("destroy", plan.destroy());
    json.attribute("changes", has_changes(plan));
    words(json, "source", plan.source());
    number(json, "seed", std::to_string(plan.seed()));
    number(json, "effort", std::to_string(plan.effort()));
    array(json, "placements", plan.placements());
    array(json, "actions", plan.actions());
    array(json, "expectations", plan.expectations());
    json.attributeObject("objective", [&] { write(json, plan.objective()); });
    json.attributeObject("totals", [&] { write(json, plan.after()); });
    json.attributeObject("before", [&] { write(json, plan.before()); });
    array(json, "waiting", plan.waiting());
    array(json, "clusters", plan.clusters());
    auto names = [&](const char *key, const auto &list) {
      json.attributeArray(key, [&] {
        for (const std::string &pattern : list)
          json.value(text(pattern));
      });
    };
    if (!plan.suspended().empty())
      names("suspended", plan.suspended());
    if (!plan.asked().empty())
      array(json, "asked", plan.asked());
    names("targets", plan.targets());
    names("excludes", plan.excludes());
    array(json, "left_out", plan.left_out());
    array(json, "shortfalls", plan.shortfalls());
    array(json, "diagnostics", plan.diagnostics());
  });
  out << '\n';
}

} // namespace nemo::plan
