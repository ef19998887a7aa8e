#include "compiler/plan/json_parts.h"
#include "compiler/plan/print.h"

namespace nemo::plan {

namespace {

std::vector<std::pair<const std::string *, const proto::Instance *>>
leased(const proto::Plan &plan) {
  std::vector<std::pair<const std::string *, const proto::Instance *>> list;
  for (const proto::Part &part : plan.parts())
    for (const proto::Instance &instance : part.instances())
      if (instance.has_lease())
        list.emplace_back(&part.node(), &instance);
  return list;
}

} // namespace

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
    if (const auto leases = leased(plan); !leases.empty())
      json.attributeArray("leases", [&] {
        for (const auto &[node, instance] : leases)
          json.object([&, on = node, one = instance] {
            words(json, "workload", one->workload());
            json.attribute("replica", int64_t{one->replica()});
            words(json, "node", *on);
            json.attributeArray("granters", [&] {
              for (const std::string &granter : one->lease().granters())
                json.value(text(granter));
            });
            number(json, "token", std::to_string(one->lease().token()));
          });
      });
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
