#include "compiler/plan/diff/print.h"
#include "compiler/plan/json_parts.h"

namespace nemo::plan {

using namespace json_parts;

namespace {

void side(OStream &json, const std::optional<proto::Expectation> &expectation, const char *key) {
  if (expectation)
    json.attributeObject(key, [&] { write(json, *expectation); });
  else
    json.attribute(key, nullptr);
}

template <typename Item>
void added_and_gone(OStream &json, const char *key, const std::vector<Item> &added,
                    const std::vector<Item> &gone) {
  json.attributeObject(key, [&] {
    array(json, "new", added);
    array(json, "gone", gone);
  });
}

void head(OStream &json, const Question &question) {
  if (const Supposed *supposed = std::get_if<Supposed>(&question)) {
    json.attributeArray("supposed", [&] {
      for (const std::string &change : supposed->changes)
        json.value(text(change));
    });
    return;
  }
  const Sides &sides = std::get<Sides>(question);
  json.attributeObject("into", [&] {
    words(json, "name", sides.into);
    words(json, "commit", sides.into_id);
  });
  json.attributeObject("from", [&] {
    words(json, "name", sides.from);
    words(json, "commit", sides.from_id);
    words(json, "subject", sides.subject);
    json.attribute("commits", static_cast<int64_t>(sides.commits));
  });
}

} // namespace

void print_json(llvm::raw_ostream &out, const Difference &difference, const Question &question) {
  OStream json(out, 2);
  json.object([&] {
    json.attribute("version", 1);
    words(json, "stack", difference.stack);
    nullable(json, "stack_before", difference.stack_before);
    head(json, question);
    json.attribute("changes", !difference.empty());
    json.attribute("kept", difference.kept);
    array(json, "actions", difference.actions);
    json.attributeArray("expectations", [&] {
      for (const Promise &promise : difference.promises)
        json.object([&] {
          const proto::Expectation &known = promise.after ? *promise.after : *promise.before;
          words(json, "object", known.object());
          words(json, "name", known.name());
          side(json, promise.before, "before");
          side(json, promise.after, "after");
          json.attribute("newly_failing", promise.newly_failing());
        });
    });
    json.attributeObject("totals", [&] {
      for (const auto &[key, of] :
           {std::pair(
                "before", +[](const Change &change) { return change.before; }),
            {"after", +[](const Change &change) { return change.after; }},
            {"difference", +[](const Change &change) { return change.difference(); }}})
        json.attributeObject(key, [&, of = of] {
          figure(json, "eur_per_hour", of(difference.ueur_per_hour), 6);
          figure(json, "watts", of(difference.milliwatts), 3);
          figure(json, "gco2e_per_hour", of(difference.mg_co2e_per_hour), 3);
        });
    });
    json.attributeObject("objective", [&] {
      json.attributeObject("before", [&] { write(json, difference.objective_before); });
      json.attributeObject("after", [&] { write(json, difference.objective_after); });
    });
    added_and_gone(json, "shortfalls", difference.lost, difference.regained);
    added_and_gone(json, "diagnostics", difference.found, difference.gone);
  });
  out << '\n';
}

} // namespace nemo::plan
