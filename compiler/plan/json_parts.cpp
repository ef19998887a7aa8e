#include "compiler/plan/json_parts.h"

#include <cmath>

#include <fmt/format.h>

#include "compiler/plan/figures.h"

namespace nemo::plan::json_parts {

namespace {

void real(OStream &json, const char *key, bool known, double value) {
  number(json, key,
         known && std::isfinite(value) ? std::optional<std::string>(fmt::format("{}", value))
                                       : std::nullopt);
}

void truth(OStream &json, const char *key, bool known, bool value) {
  if (known)
    json.attribute(key, value);
  else
    json.attribute(key, nullptr);
}

} // namespace

std::string text(llvm::StringRef bytes) {
  return llvm::json::isUTF8(bytes) ? bytes.str() : llvm::json::fixUTF8(bytes);
}

void words(OStream &json, const char *key, llvm::StringRef value) {
  json.attribute(key, text(value));
}
void nullable(OStream &json, const char *key, llvm::StringRef value) {
  if (value.empty())
    json.attribute(key, nullptr);
  else
    words(json, key, value);
}
void number(OStream &json, const char *key, const std::optional<std::string> &value) {
  json.attributeBegin(key);
  json.rawValue(value ? llvm::StringRef(*value) : "null");
  json.attributeEnd();
}
void figure(OStream &json, const char *key, std::optional<int64_t> value, int digits) {
  number(json, key, value ? std::optional<std::string>(decimal(*value, digits)) : std::nullopt);
}

void write(OStream &json, const proto::Placement &placement) {
  words(json, "workload", placement.workload());
  json.attribute("replica", placement.replica());
  words(json, "node", placement.node());
  words(json, "reason", placement.reason());
  figure(json, "objective_eur_per_hour",
         placement.has_cost_ueur_per_hour() ? std::optional<int64_t>(placement.cost_ueur_per_hour())
                                            : std::nullopt,
         6);
  json.attribute("candidates", placement.candidates());
  nullable(json, "runner_up", placement.runner_up());
  if (!placement.starts_at().empty())
    words(json, "starts_at", placement.starts_at());
  if (!placement.gpus().empty())
    json.attributeArray("gpus", [&] {
      for (uint32_t gpu : placement.gpus())
        json.value(gpu);
    });
}

void write(OStream &json, const proto::AskedMove &move) {
  words(json, "workload", move.workload());
  json.attribute("replica", move.replica());
  words(json, "node", move.node());
}

void write(OStream &json, const proto::Action &action) {
  words(json, "id", action.id());
  words(json, "verb", action.verb());
  words(json, "object", action.object());
  words(json, "node", action.node());
  json.attributeArray("after", [&] {
    for (const std::string &id : action.after())
      json.value(text(id));
  });
  words(json, "reason", action.reason());
  nullable(json, "from_node", action.from_node());
  nullable(json, "revision", action.revision());
  nullable(json, "from_revision", action.from_revision());
  nullable(json, "handover", action.handover());
  figure(json, "predicted_s",
         action.has_predicted_ms() && action.predicted_ms() <= INT64_MAX
             ? std::optional<int64_t>(action.predicted_ms())
             : std::nullopt,
         3);
  nullable(json, "forecast", action.forecast());
}

void write(OStream &json, const proto::Expectation &item) {
  words(json, "object", item.object());
  words(json, "name", item.name());
  words(json, "target", item.target());
  number(json, "predicted",
         item.has_predicted() ? quantity_number(item.predicted()) : std::nullopt);
  const auto end = [&](bool known, const proto::Quantity &quantity) {
    return known                  ? quantity_number(quantity)
           : item.has_predicted() ? quantity_number(item.predicted())
                                  : std::nullopt;
  };
  number(json, "predicted_low", end(item.has_predicted_low(), item.predicted_low()));
  number(json, "predicted_high", end(item.has_predicted_high(), item.predicted_high()));
  const proto::Quantity *unit = item.has_predicted() ? &item.predicted()
                                : item.has_limit()   ? &item.limit()
                                                     : nullptr;
  nullable(json, "unit", unit ? unit->unit() : "");
  truth(json, "met", item.has_met(), item.met());
  number(json, "limit", item.has_limit() ? quantity_number(item.limit()) : std::nullopt);
  real(json, "margin", item.has_margin(), item.margin());
  words(json, "verb", item.verb());
  nullable(json, "model", item.model());
  nullable(json, "detail", item.detail());
}

void write(OStream &json, const proto::Totals &totals) {
  figure(json, "eur_per_hour", euros(totals), 6);
  figure(json, "watts", power(totals), 3);
  figure(json, "gco2e_per_hour", carbon(totals), 3);
  json.attributeArray("models", [&] {
    for (const proto::Model &model : totals.models())
      json.object([&] {
        words(json, "figure", model.figure());
        words(json, "name", model.name());
        words(json, "source", model.source());
        nullable(json, "missing", model.missing());
      });
  });
}

void write(OStream &json, const proto::Waiting &item) {
  words(json, "workload", item.workload());
  json.attribute("replica", item.replica());
  words(json, "reason", item.reason());
}

void write(OStream &json, const proto::ClusterNodes &item) {
  words(json, "name", item.name());
  for (const auto &[key, list] :
       {std::pair("nodes", &item.nodes()), std::pair("controllers", &item.controllers())})
    json.attributeArray(key, [&, names = list] {
      for (const std::string &name : *names)
        json.value(text(name));
    });
}

void write(OStream &json, const proto::Diagnostic &item) {
  words(json, "id", item.id());
  words(json, "severity", item.severity());
  words(json, "message", item.message());
  nullable(json, "file", item.file());
  auto position = [&](const char *key, uint32_t value) {
    if (item.span().line())
      json.attribute(key, value);
    else
      json.attribute(key, nullptr);
  };
  position("line", item.span().line());
  position("column", item.span().column());
  position("end_line", item.span().end_line());
  position("end_column", item.span().end_column());
  position("begin", item.span().begin());
  position("end", item.span().end());
  json.attributeArray("notes", [&] {
    for (const std::string &note : item.notes())
      json.object([&] { words(json, "message", note); });
  });
  nullable(json, "fix", item.fix());
}

void write(OStream &json, const proto::Shortfall &item) {
  words(json, "workload", item.workload());
  words(json, "node", item.node());
  words(json, "capability", item.capability());
  words(json, "reason", item.reason());
}

void write(OStream &json, const proto::ObjectiveValue &objective) {
  figure(json, "value",
         objective.has_value_ueur_per_hour()
             ? std::optional<int64_t>(objective.value_ueur_per_hour())
             : std::nullopt,
         6);
  figure(json, "bound",
         objective.has_bound_ueur_per_hour()
             ? std::optional<int64_t>(objective.bound_ueur_per_hour())
             : std::nullopt,
         6);
  real(json, "gap", objective.has_gap(), objective.gap());
  if (objective.has_imbalance_ueur_per_hour())
    figure(json, "imbalance", objective.imbalance_ueur_per_hour(), 6);
  nullable(json, "text", objective.text());
  nullable(json, "bound_model", objective.bound_model());
  json.attributeArray("scarce", [&] {
    for (const proto::ScarceRoom &room : objective.scarce())
      json.object([&] {
        const RoomPrice price = price_of(room);
        words(json, "node", room.node());
        words(json, "resource", price.resource);
        real(json, "price", true, price.eur_per_hour);
        words(json, "unit", std::string("EUR/h/") + price.unit);
      });
  });
  words(json, "unit", "EUR/h");
}

} // namespace nemo::plan::json_parts
