#include "intent/check/build.h"

#include <map>
#include <set>

#include <fmt/format.h>

namespace nemo::check {

namespace {

template <typename List> void sort_by_name(List &list) {
  std::stable_sort(list.pointer_begin(), list.pointer_end(),
                   [](const auto *a, const auto *b) { return a->name() < b->name(); });
}

template <typename Out> void copy_rules(const TypedBlock &block, Out &out) {
  for (const TypedRule &rule : block.rules)
    *out.add_rules() = rule.rule;
}

} // namespace

void Builder::add(const TypedBlock &block) {
  const llvm::StringRef kind = block.schema->name;
  proto::Intent &intent = context_.intent;
  const proto::Span span = context_.span(block.at, block.head);
  if (kind == "workload") {
    workload(block);
  } else if (kind == "tenant") {
    tenant(block);
  } else if (kind == "moved") {
    moved(block);
  } else if (kind == "select") {
    proto::Select &made = *intent.add_selects();
    made.set_name(block.name);
    copy_rules(block, made);
    *made.mutable_span() = span;
  } else if (kind == "policy") {
    proto::Policy &made = *intent.add_policies();
    made.set_name(block.name);
    copy_rules(block, made);
    *made.mutable_span() = span;
  } else if (kind == "objective") {
    proto::Objective &made = *intent.add_objectives();
    made.set_name(block.name);
    copy_rules(block, made);
    if (const TypedAttribute *weight = block.find("weight"))
      *made.mutable_weight() = weight->value.quantity();
    if (block.find("max-moves-per-hour"))
      made.set_max_moves_per_hour(static_cast<uint32_t>(whole(block, "max-moves-per-hour", "")));
    if (const TypedAttribute *risk = block.find("overcommit"); risk && risk->sound()) {
      made.set_overcommit_ppb(whole(block, "overcommit", "ppb"));
      *made.mutable_overcommit_span() = context_.span(risk->at, risk->extent);
    }
    if (const TypedAttribute *balance = block.find("balance"); balance && balance->sound()) {
      made.set_balance_neur_per_core_hour(whole(block, "balance", "nEUR/core/h"));
      *made.mutable_balance_span() = context_.span(balance->at, balance->extent);
    }
    *made.mutable_span() = span;
  } else if (kind == "cluster") {
    cluster(block);
  } else if (kind == "secret") {
    const TypedAttribute *file = block.find("file");
    if (file && file->sound() && (file->value.text().empty() || file->value.text().front() != '/'))
      context_.error(diag::N0316, file->at, file->extent,
                     "a secret's file is an absolute path on the node");
    proto::Secret &made = *intent.add_secrets();
    made.set_name(block.name);
    made.set_file(text(block, "file"));
    *made.mutable_span() = span;
  } else if (kind == "site" || kind == "node" || kind == "link") {
    proto::Inventory &made = *intent.add_inventory();
    made.set_kind(kind.str());
    made.set_name(block.name.empty() ? llvm::join(block.labels, " ") : block.name);
    *made.mutable_facts() = to_object(context_, block);
  } else if (kind != "import") {
    *intent.add_objects() = to_object(context_, block);
  }
}

void Builder::tenant(const TypedBlock &block) {
  proto::Tenant &made = *context_.intent.add_tenants();
  made.set_name(block.name);
  if (const TypedBlock *quota = block.child("quota")) {
    *made.mutable_quota() = resources(context_, *quota, /*with_defaults=*/false);
    const proto::Object whole = to_object(context_, *quota);
    for (const proto::Attribute &attribute : whole.attributes())
      if (schema::has_word("energy|carbon|cost", attribute.name()))
        *made.add_quota_rates() = attribute;
  }
  if (const TypedBlock *guarantee = block.child("guarantee"))
    *made.mutable_guarantee() = resources(context_, *guarantee, /*with_defaults=*/false);
  if (const TypedBlock *tariff = block.child("tariff")) {
    const proto::Object whole = to_object(context_, *tariff);
    *made.mutable_tariff() = whole.attributes();
  }
  labels(block, *made.mutable_labels());
  *made.mutable_span() = context_.span(block.at, block.head);
}

void Builder::cluster(const TypedBlock &block) {
  proto::Cluster &made = *context_.intent.add_clusters();
  made.set_name(block.name);
  made.set_tenant(text(block, "tenant"));
  made.set_kind(text(block, "kind"));
  made.set_version(text(block, "version"));
  for (const std::string &name : texts(block, "on"))
    made.add_on(name);
  made.set_controllers(static_cast<uint32_t>(whole(block, "controllers", "")));
  made.set_nodes_min(made.controllers());
  made.set_nodes_max(100'000);
  if (const TypedAttribute *nodes = block.find("nodes"); nodes && nodes->sound()) {
    const bool range = nodes->value.has_range();
    made.set_nodes_min(whole_number(range ? nodes->value.range().low() : nodes->value));
    made.set_nodes_max(whole_number(range ? nodes->value.range().high() : nodes->value));
    if (made.nodes_max() < made.controllers())
      context_.error(diag::N0206, nodes->at, nodes->extent,
                     fmt::format("`{}` has {} controllers and at most {} node{}", made.name(),
                                 made.controllers(), made.nodes_max(),
                                 made.nodes_max() == 1 ? "" : "s"),
                     fmt::format("at least {}", made.controllers()));
  }
  if (block.find("quorum-latency"))
    made.set_quorum_latency_ns(whole(block, "quorum-latency", "ns"));
  made.set_spread(text(block, "spread"));
  if (const TypedBlock *capacity = block.child("capacity"))
    *made.mutable_capacity() = resources(context_, *capacity, /*with_defaults=*/false);
  copy_rules(block, made);
  *made.mutable_span() = context_.span(block.at, block.head);
  if (const auto other = context_.objects.find("select." + block.name);
      other != context_.objects.end()) {
    Diagnostic &fault = context_.error(
        diag::N0315, block.at, block.head,
        fmt::format("`{}` is a cluster and a selection, so `on` could mean either", block.name),
        "rename one of the two");
    context_.note(fault, "the selection", other->second.at, other->second.extent);
  }
}

void Builder::moved(const TypedBlock &block) {
  const TypedAttribute *from = block.find("from"), *to = block.find("to");
  if (!from || !to || !from->sound() || !to->sound())
    return;
  proto::Moved &made = *context_.intent.add_moved();
  made.set_from(from->value.reference());
  made.set_to(to->value.reference());
  *made.mutable_span() = context_.span(block.at, block.head);
}

void Builder::refuse_bad_moves() {
  std::map<std::string, std::string> moves;
  for (const proto::Moved &moved : context_.intent.moved()) {
    const bool again = !moves.emplace(moved.from(), moved.to()).second;
    const Cursor at{moved.span().file(), nullptr};
    const syntax::Extent extent{moved.span().begin(), moved.span().end()};
    std::string what;
    const llvm::StringRef kind = llvm::StringRef(moved.from()).split('.').first;
    if (kind != llvm::StringRef(moved.to()).split('.').first)
      what = fmt::format("`{}` cannot become `{}`: another kind", moved.from(), moved.to());
    else if (context_.objects.count(moved.from()))
      what = fmt::format("`{}` is still declared, so it has not moved", moved.from());
    else if (again)
      what = fmt::format("`{}` moves a second time", moved.from());
    else if (kind != "workload")
      what = fmt::format("`{}` is no workload, and nothing else runs under its name", moved.from());
    if (!what.empty())
      context_.error(diag::N0312, at, extent, what);
  }
  // Names change more than once in a file's life: only where a chain ends must something be.
  constexpr size_t longest = 64; // who follows one need not look further than this
  for (const proto::Moved &moved : context_.intent.moved()) {
    if (context_.objects.count(moved.from()) ||
        !llvm::StringRef(moved.from()).startswith("workload."))
      continue; // said above
    std::string end = moved.to();
    size_t steps = 0;
    for (auto next = moves.find(end);
         next != moves.end() && steps <= longest && end != moved.from();
         next = moves.find(end), ++steps)
      end = next->second;
    std::string what;
    if (end == moved.from())
      what = fmt::format("`{}` moves in a circle", moved.from());
    else if (steps > longest)
      what = fmt::format("`{}` moves on more than {} times", moved.from(), longest);
    else if (!context_.objects.count(end) && !context_.incomplete)
      what = fmt::format("`{}` is not declared, so nothing moves there", end);
    if (!what.empty())
      context_.error(diag::N0312, {moved.span().file(), nullptr},
                     {moved.span().begin(), moved.span().end()}, what);
  }
}

void Builder::refuse_circles() {
  std::map<std::string, const proto::Workload *> by_name;
  for (const proto::Workload &workload : context_.intent.workloads())
    by_name[workload.name()] = &workload;
  std::map<std::string, int> state; // 1: on the way, 2: done
  struct Step {
    const proto::Workload *workload;
    int next;
  };
  for (const auto &[name, start] : by_name) {
    if (state[name] != 0)
      continue;
    std::vector<Step> way{{start, 0}}; // explicit: chains of `after` are as long as the text
    state[name] = 1;
    while (!way.empty()) {
      Step &step = way.back();
      if (step.next == step.workload->after_size()) {
        state[step.workload->name()] = 2;
        way.pop_back();
        continue;
      }
      const std::string &next = step.workload->after(step.next++);
      const auto found = by_name.find(next);
      if (found == by_name.end())
        continue;
      if (state[next] == 0) {
        state[next] = 1;
        way.push_back({found->second, 0});
      } else if (state[next] == 1) {
        std::string circle;
        bool inside = false;
        for (const Step &passed : way) {
          inside |= passed.workload->name() == next;
          if (inside)
            circle += passed.workload->name() + " after ";
        }
        const proto::Span &span = step.workload->after_span();
        context_
            .error(diag::N0309, {span.file(), nullptr}, {span.begin(), span.end()},
                   fmt::format("`{}` starts after itself", next),
                   "leave one of them out of `after`")
            .notes.push_back({circle + next, {}, {}});
      }
    }
  }
}

void Builder::refuse_shared_nodes() {
  std::set<std::string> exclusive;
  for (const proto::Workload &workload : context_.intent.workloads())
    if (workload.place().exclusive())
      exclusive.insert(workload.name());
  for (const proto::Workload &workload : context_.intent.workloads())
    for (const proto::Affinity &affinity : workload.place().affinities())
      if (!affinity.anti() && affinity.within() == "node")
        if (const std::string &name =
                exclusive.count(workload.name()) ? workload.name() : affinity.to();
            exclusive.count(name))
          context_.error(diag::N0315, {affinity.span().file(), nullptr},
                         {affinity.span().begin(), affinity.span().end()},
                         fmt::format("`{}` is exclusive, so `{}` and `{}` cannot share a node",
                                     name, workload.name(), affinity.to()),
                         "let them be near within more than a node, or take `exclusive` away");
}

// With these, what a node has room for would depend on the hour, or on what was lost.
void Builder::refuse_overcommit() {
  for (const proto::Objective &objective : context_.intent.objectives()) {
    if (!objective.has_overcommit_ppb())
      continue;
    const auto refuse = [&](const char *other, const proto::Workload &workload,
                            const proto::Span &span) {
      const proto::Span &at = objective.overcommit_span();
      Diagnostic &fault =
          context_.error(diag::N0315, {at.file(), nullptr}, {at.begin(), at.end()},
                         fmt::format("`overcommit` does not go together with `{}`, which `{}` has",
                                     other, workload.name()),
                         fmt::format("leave `overcommit` or `{}` out", other));
      context_.note(fault, "it is here", {span.file(), nullptr}, {span.begin(), span.end()});
    };
    for (const proto::Workload &workload : context_.intent.workloads()) {
      if (!workload.resources().hours().empty()) {
        refuse("hours", workload, workload.resources().hours(0).span());
        break;
      }
      if (!workload.survive().empty()) {
        refuse("survive", workload, workload.survive_span());
        break;
      }
    }
  }
}

void Builder::finish() {
  proto::Intent &intent = context_.intent;
  sort_by_name(*intent.mutable_workloads());
  sort_by_name(*intent.mutable_tenants());
  sort_by_name(*intent.mutable_selects());
  sort_by_name(*intent.mutable_secrets());
  refuse_circles();
  refuse_shared_nodes();
  refuse_bad_moves();
  refuse_overcommit();
}

} // namespace nemo::check
