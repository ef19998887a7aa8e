#include "compiler/plan/figures.h"
#include "compiler/plan/json_parts.h"
#include "compiler/why/print.h"

namespace nemo::why {

using namespace plan::json_parts;

namespace {

void quantity(OStream &json, const char *key, const std::optional<Quantity> &value) {
  const auto number =
      value ? plan::quantity_number(formula::to_proto(*value)) : std::optional<std::string>();
  if (!number) {
    json.attribute(key, nullptr);
    return;
  }
  json.attributeObject(key, [&] {
    plan::json_parts::number(json, "value", number);
    words(json, "unit", value->unit);
  });
}

void truth(OStream &json, const char *key, const std::optional<bool> &value) {
  if (value)
    json.attribute(key, *value);
  else
    json.attribute(key, nullptr);
}

void offer(OStream &json, const Offer &offer) {
  words(json, "node", offer.node);
  quantity(json, "total", offer.total);
  nullable(json, "missing", offer.missing);
  json.attributeArray("terms", [&] {
    for (const Term &term : offer.terms)
      json.object([&] {
        words(json, "name", term.name);
        quantity(json, "amount", term.amount);
        quantity(json, "value", term.value);
      });
  });
}

void place(OStream &json, const Removal &rule) {
  words(json, "rule", rule.text);
  nullable(json, "file", rule.file);
  json.attribute("line", rule.range.line);
  json.attribute("column", rule.range.column);
}

void moves(OStream &json, const Story &story) {
  json.attributeArray("prices", [&] {
    for (const Price &price : story.prices)
      json.object([&] {
        words(json, "figure", price.figure);
        json.attribute("factor", price.factor);
        quantity(json, "now", price.now);
        quantity(json, "then", price.then);
        words(json, "node", price.node);
        truth(json, "confirmed", price.confirmed);
      });
  });
  json.attributeArray("rules", [&] {
    for (const Opening &opening : story.openings)
      json.object([&] {
        place(json, opening.rule);
        words(json, "node", opening.node);
        quantity(json, "saves", opening.saves);
        quantity(json, "plan_saves", opening.plan_saves);
        truth(json, "confirmed", opening.confirmed);
      });
  });
}

void write(OStream &json, const Story &story, uint32_t replica) {
  json.attribute("replica", replica);
  words(json, "node", story.here.node);
  nullable(json, "runs_on", story.runs_on);
  json.attribute("able", static_cast<int64_t>(story.able));
  json.attributeObject("here", [&] { offer(json, story.here); });
  if (story.runner_up)
    json.attributeObject("runner_up", [&] { offer(json, *story.runner_up); });
  else
    json.attribute("runner_up", nullptr);
  json.attributeArray("removed", [&] {
    for (const Removal &rule : story.removals)
      json.object([&] {
        place(json, rule);
        json.attribute("nodes", static_cast<int64_t>(rule.nodes));
        json.attribute("alone", static_cast<int64_t>(rule.alone));
      });
  });
  json.attributeArray("lacking", [&] {
    for (const Lack &lack : story.lacks)
      json.object([&] {
        words(json, "what", lack.what);
        json.attribute("nodes", static_cast<int64_t>(lack.nodes));
        words(json, "example", lack.example);
      });
  });
  if (story.blocked)
    json.attributeObject("cheaper_without_room", [&] {
      words(json, "node", story.blocked->node);
      quantity(json, "saves", story.blocked->saves);
      words(json, "reason", story.blocked->reason);
    });
  else
    json.attribute("cheaper_without_room", nullptr);
  json.attributeObject("would_move", [&] { moves(json, story); });
}

} // namespace

void write(OStream &json, const Explanation &all) {
  words(json, "stack", all.stack);
  words(json, "workload", all.workload);
  words(json, "objective", all.objective);
  json.attribute("nodes", static_cast<int64_t>(all.nodes));
  json.attribute("replanned", all.replanned);
  json.attributeArray("replicas", [&] {
    for (const Story &story : all.stories)
      for (uint32_t replica : story.replicas)
        json.object([&] { write(json, story, replica); });
  });
  json.attributeArray("waiting", [&] {
    for (const Waits &waits : all.waiting)
      json.object([&] {
        json.attribute("replica", waits.replica);
        words(json, "reason", waits.reason);
      });
  });
  json.attributeArray("finished", [&] {
    for (const Finished &finished : all.finished)
      json.object([&] {
        json.attribute("replica", finished.replica);
        words(json, "node", finished.node);
        words(json, "reason", finished.reason);
      });
  });
}

} // namespace nemo::why
