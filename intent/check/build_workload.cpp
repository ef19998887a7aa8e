// The workload's message: what runs, how many, where it may be and what it must reach.
#include <fmt/format.h>

#include "llvm/ADT/STLExtras.h"

#include "intent/check/build.h"
#include "intent/units/units.h"

namespace nemo::check {

namespace {

/// Rounded up.
uint64_t millionths(const proto::Value &value) {
  const auto quantity = formula::from_proto(value.quantity());
  const auto number = quantity ? quantity->value.times(Rational(1000000)) : std::nullopt;
  return static_cast<uint64_t>(number ? number->ceil().value_or(0) : 0);
}

} // namespace

void Builder::workload(const TypedBlock &block) {
  proto::Workload made;
  made.set_name(block.name);
  made.set_tenant(text(block, "tenant"));
  what_runs(block, made);
  made.set_replicas_min(1);
  made.set_replicas_max(1);
  if (const TypedAttribute *replicas = block.find("replicas")) {
    const bool range = replicas->value.has_range();
    made.set_replicas_min(whole_number(range ? replicas->value.range().low() : replicas->value));
    made.set_replicas_max(whole_number(range ? replicas->value.range().high() : replicas->value));
    *made.mutable_replicas_span() = context_.span(replicas->at, replicas->extent);
  }
  if (const TypedBlock *given = block.child("resources")) {
    *made.mutable_resources() = resources(context_, *given, /*with_defaults=*/true);
    check_devices(context_, *given, made.resources());
    check_mean(context_, *given, made.resources());
    read_hours(context_, *given, *made.mutable_resources());
  } else {
    TypedBlock empty;
    empty.schema = schema::find_child(*block.schema, "resources");
    empty.at = block.at;
    empty.head = block.head;
    *made.mutable_resources() = resources(context_, empty, /*with_defaults=*/true);
  }
  ports(block, made);
  if (const TypedBlock *env = block.child("env")) {
    for (const TypedAttribute &attribute : env->attributes) {
      proto::EnvVar *variable = made.add_env();
      variable->set_name(attribute.name);
      if (attribute.value.has_quantity())
        variable->set_value(units::print(*formula::from_proto(attribute.value.quantity())));
      else if (attribute.value.kind_case() == proto::Value::kBoolean)
        variable->set_value(attribute.value.boolean() ? "true" : "false");
      else
        variable->set_value(text_of(attribute.value));
    }
    std::stable_sort(made.mutable_env()->pointer_begin(), made.mutable_env()->pointer_end(),
                     [](const auto *a, const auto *b) { return a->name() < b->name(); });
  }
  mounts(block, made);
  if (const TypedBlock *data = block.child("data")) {
    made.mutable_data()->set_data_class(text(*data, "class"));
    for (const std::string &subject : texts(*data, "subjects"))
      made.mutable_data()->add_subjects(subject);
    if (data->find("location"))
      made.mutable_data()->set_location(text(*data, "location"));
    *made.mutable_data()->mutable_span() = context_.span(data->at, data->head);
  }
  rules(block, made);
  if (const TypedBlock *load = block.child("load"); load && !load->faulty) {
    made.mutable_load()->set_rate_urps(millionths(load->find("rate")->value));
    made.mutable_load()->set_service_time_ns(whole(*load, "service-time", "ns"));
    made.mutable_load()->set_concurrency(static_cast<uint32_t>(whole(*load, "concurrency", "")));
    *made.mutable_load()->mutable_span() = context_.span(load->at, load->head);
  }
  health(block, made);
  const auto part = [&](const char *name) {
    if (const TypedBlock *given = block.child(name))
      return *given;
    TypedBlock empty;
    empty.schema = schema::find_child(*block.schema, name);
    return empty;
  };
  const TypedBlock restart = part("restart"), stop = part("stop");
  const std::string policy = text(restart, "policy");
  made.mutable_restart()->set_policy(policy == "never"        ? proto::Restart::NEVER
                                     : policy == "on-failure" ? proto::Restart::ON_FAILURE
                                                              : proto::Restart::ALWAYS);
  made.mutable_restart()->set_backoff_ms(whole(restart, "backoff", "ms"));
  made.mutable_restart()->set_backoff_max_ms(whole(restart, "backoff-max", "ms"));
  if (const TypedBlock *given = block.child("job"))
    job(*given, restart, made);
  made.set_stop_grace_ms(whole(stop, "grace", "ms"));
  made.set_stop_signal(text(stop, "signal"));
  for (const std::string &name : texts(block, "after"))
    made.add_after(name);
  if (const TypedAttribute *after = block.find("after"))
    *made.mutable_after_span() = context_.span(after->at, after->extent);
  if (const TypedAttribute *connect = block.find("connect"))
    for (const proto::Value &port : connect->value.list().items())
      made.add_connect(whole_number(port));
  made.set_network(block.find("network") ? text(block, "network") : "host");
  for (const std::string &name : texts(block, "secrets"))
    made.add_secrets(name);
  labels(block, *made.mutable_labels());
  if (const TypedAttribute *priority = block.find("priority")) {
    made.set_priority(whole_number(priority->value));
    *made.mutable_priority_span() = context_.span(priority->at, priority->extent);
  }
  made.set_gang(flag(block, "gang"));
  // What an external volume is on knows itself how many write it.
  if (block.find("partition"))
    made.set_partition(text(block, "partition"));
  else if (llvm::any_of(made.mounts(), [](const proto::Mount &mount) {
             return mount.kind() == "replicated" && !mount.read_only();
           }))
    made.set_partition("stop");
  made.set_privileged(flag(block, "privileged"));
  made.set_protect(flag(block, "protect"));
  made.set_working_directory(text(block, "working-directory"));
  machine(block, made);
  container(block, made);
  changes(block, made);
  *made.mutable_span() = context_.span(block.at, block.head);
  *context_.intent.add_workloads() = std::move(made);
}

void Builder::what_runs(const TypedBlock &block, proto::Workload &out) {
  const TypedAttribute *image = block.find("image"), *exec = block.find("exec");
  if (image && exec) {
    Diagnostic &fault = context_.error(diag::N0315, exec->at, exec->name_extent,
                                       "a workload is an image or a program, not both");
    context_.note(fault, "the image", image->at, image->name_extent);
  } else if (!image && !exec && !block.faulty) {
    context_.error(diag::N0216, block.at, block.head, "`workload` needs `exec` or `image`",
                   "exec = [\"/usr/bin/program\", \"argument\"]");
  }
  out.set_image(text(block, "image"));
  if (const TypedAttribute *size = block.find("image-size"); size && !image)
    context_.error(diag::N0315, size->at, size->name_extent, "`image-size` is of an `image`");
  else if (size && size->sound())
    out.set_image_bytes(whole(block, "image-size", "B"));
  for (const std::string &word : texts(block, "exec"))
    out.add_exec(word);
  const TypedAttribute *sandbox = block.find("sandbox");
  out.set_sandbox(sandbox ? text_of(sandbox->value) : image ? "container" : "process");
  if (sandbox)
    *out.mutable_sandbox_span() = context_.span(sandbox->at, sandbox->extent);
  if (!exec || !exec->sound())
    return;
  if (out.exec_size() > 0 && (out.exec(0).empty() || out.exec(0).front() != '/'))
    context_.error(
        diag::N0316, exec->at, exec->extent,
        fmt::format("`exec` begins with an absolute path, and this is `{}`", out.exec(0)),
        "write where the program is, such as /usr/bin/python3");
  else if (out.exec_size() == 0)
    context_.error(diag::N0316, exec->at, exec->extent, "`exec` names no program");
}

/// A rule that speaks of what is measured is a service level; one of nodes alone says where.
void Builder::sort_rule(const TypedRule &rule, proto::Workload &out) {
  const proto::Ref *metric = nullptr, *place = nullptr;
  for (const proto::Ref *ref : formula::references(rule.rule.formula())) {
    const llvm::SmallVector<llvm::StringRef, 4> path(ref->path().begin(), ref->path().end());
    const schema::Fact *fact = schema::find_fact(path);
    (fact && fact->predicted ? metric : place) = ref;
  }
  if (metric && place)
    context_.error(diag::N0319, rule.at, rule.extent,
                   fmt::format("`{}` says how well it serves, `{}` where it is: write two rules",
                               formula::to_string(*metric), formula::to_string(*place)));
  else if (metric && rule.rule.verb() == proto::Rule::DENY)
    context_.error(diag::N0319, rule.at, rule.extent,
                   "`deny` removes nodes; a service level is a `require` or a `prefer`");
  else if (!metric && rule.rule.has_over())
    context_.error(
        diag::N0212, rule.at, rule.extent,
        "`over` is the window of what is measured, and this rule speaks of nothing that is",
        "take `over` away");
  else
    *(metric ? out.add_slo() : out.mutable_place()->add_rules()) = rule.rule;
}

void Builder::rules(const TypedBlock &block, proto::Workload &out) {
  proto::Place &place = *out.mutable_place();
  for (const TypedRule &rule : block.rules)
    sort_rule(rule, out);
  if (const TypedBlock *slo = block.child("slo")) {
    for (const TypedRule &rule : slo->rules)
      *out.add_slo() = rule.rule;
    if (const TypedAttribute *survive = slo->find("survive"); survive && survive->sound()) {
      out.set_survive(text_of(survive->value));
      *out.mutable_survive_span() = context_.span(survive->at, survive->extent);
    }
    if (const TypedAttribute *least = slo->find("min-available"); least && least->sound()) {
      out.set_min_available(whole_number(least->value));
      if (out.min_available() > out.replicas_max())
        context_.error(diag::N0206, least->at, least->extent,
                       fmt::format("`{}` has {} replica{}, and {} have to be available", out.name(),
                                   out.replicas_max(), out.replicas_max() == 1 ? "" : "s",
                                   out.min_available()),
                       fmt::format("at most {}", out.replicas_max()));
    }
  }
  const TypedBlock *given = block.child("place");
  const TypedAttribute *on = block.find("on");
  const TypedAttribute *inner = given ? given->find("on") : nullptr;
  if (on && inner) {
    Diagnostic &fault =
        context_.error(diag::N0315, inner->at, inner->name_extent, "`on` is given twice");
    context_.note(fault, "first given here", on->at, on->name_extent);
  }
  if (const TypedAttribute *chosen = on ? on : inner) {
    for (const proto::Value &item : chosen->value.list().items())
      place.add_on(text_of(item));
    *place.mutable_on_span() = context_.span(chosen->at, chosen->extent);
  }
  if (!given)
    return;
  for (const TypedRule &rule : given->rules)
    *place.add_rules() = rule.rule;
  if (const TypedAttribute *spread = given->find("spread")) {
    place.set_spread(text_of(spread->value));
    *place.mutable_spread_span() = context_.span(spread->at, spread->extent);
  }
  min_domains(*given, out);
  place.set_exclusive(flag(*given, "exclusive"));
  if (const TypedAttribute *exclusive = given->find("exclusive"))
    *place.mutable_exclusive_span() = context_.span(exclusive->at, exclusive->extent);
  for (const TypedBlock &inner_block : given->children)
    affinity(inner_block, out);
}

void Builder::min_domains(const TypedBlock &block, proto::Workload &out) {
  const TypedAttribute *least = block.find("min-domains");
  if (!least || !least->sound())
    return;
  const uint32_t domains = whole_number(least->value);
  const std::string &spread = out.place().spread();
  if (spread.empty()) {
    context_.error(diag::N0315, least->at, least->extent, "`min-domains` without `spread`",
                   "say what they are: spread = site");
    return;
  }
  if (domains > out.replicas_min())
    context_.error(diag::N0334, least->at, least->extent,
                   out.replicas_min() < out.replicas_max()
                       ? fmt::format("`{}` may have as few as {} replicas, which cannot be in {} "
                                     "different {}s",
                                     out.name(), out.replicas_min(), domains, spread)
                       : fmt::format("the replicas of `{}` are {}, which cannot be in {} different "
                                     "{}s",
                                     out.name(), out.replicas_min(), domains, spread),
                   fmt::format("replicas = {}, or fewer domains", domains));
  out.mutable_place()->set_min_domains(domains);
  *out.mutable_place()->mutable_min_domains_span() = context_.span(least->at, least->extent);
}

void Builder::affinity(const TypedBlock &block, proto::Workload &out) {
  const TypedAttribute *to = block.find("to");
  const TypedAttribute *within = block.find("within");
  if (!to || !to->sound() || (within && !within->sound()))
    return;
  const bool anti = llvm::StringRef(block.schema->name) == "anti-affinity";
  for (const std::string &name : texts(block, "to")) {
    if (name == out.name()) {
      context_.error(diag::N0315, to->at, to->extent,
                     fmt::format("`{}` cannot be {} itself", name, anti ? "apart from" : "near"),
                     anti ? "to keep its replicas apart write `spread = node`"
                          : "name another workload");
      continue;
    }
    proto::Affinity made;
    made.set_to(name);
    made.set_within(text(block, "within"));
    made.set_within_ns(whole(block, "within", "ns"));
    made.set_anti(anti);
    *made.mutable_span() = context_.span(to->at, to->extent);
    for (const proto::Affinity &other : out.place().affinities()) {
      const proto::Affinity &near = anti ? other : made, &apart = anti ? made : other;
      if (other.to() != made.to() || other.anti() == anti || near.within() != apart.within() ||
          near.within_ns() > apart.within_ns())
        continue;
      context_.error(diag::N0315, to->at, to->extent,
                     fmt::format("`{}` is to be near `{}` and apart from it, within {}", out.name(),
                                 name,
                                 near.within().empty() ? units::show_time(apart.within_ns())
                                                       : "the same " + made.within()),
                     "take one of the two away, or let them mean different domains");
    }
    *out.mutable_place()->add_affinities() = std::move(made);
  }
}

void Builder::ports(const TypedBlock &block, proto::Workload &out) {
  const TypedBlock *given = block.child("ports");
  if (!given)
    return;
  std::map<uint32_t, const TypedAttribute *> taken;
  for (const TypedAttribute &attribute : given->attributes) {
    proto::Port *port = out.add_ports();
    port->set_name(attribute.name);
    port->set_number(whole_number(attribute.value));
    *port->mutable_span() = context_.span(attribute.at, attribute.extent);
    if (port->number() == 0)
      continue;
    const auto [entry, added] = taken.try_emplace(port->number(), &attribute);
    if (!added) {
      Diagnostic &fault =
          context_.error(diag::N0315, attribute.at, attribute.extent,
                         fmt::format("port {} is given to two names", port->number()), "auto");
      context_.note(fault, "first given here", entry->second->at, entry->second->extent);
    }
  }
}

void Builder::health(const TypedBlock &block, proto::Workload &out) {
  const TypedBlock *given = block.child("health");
  if (!given || given->faulty)
    return;
  const TypedAttribute *kinds[] = {given->find("http"), given->find("tcp"), given->find("exec")};
  const TypedAttribute *chosen = nullptr;
  for (const TypedAttribute *kind : kinds) {
    if (kind && chosen) {
      Diagnostic &fault = context_.error(diag::N0315, kind->at, kind->name_extent,
                                         "a health check is one of http, tcp and exec");
      context_.note(fault, "the other", chosen->at, chosen->name_extent);
      return;
    }
    chosen = kind ? kind : chosen;
  }
  if (!chosen) {
    context_.error(diag::N0216, given->at, given->head, "`health` needs `http`, `tcp` or `exec`",
                   "http = \"/healthz\"");
    return;
  }
  proto::Health &made = *out.mutable_health();
  std::string port = text(*given, "port");
  if (chosen == kinds[0]) {
    made.set_kind(proto::Health::HTTP);
    made.set_path(chosen->value.text());
    if (made.path().empty() || made.path().front() != '/' ||
        llvm::any_of(made.path(), [](unsigned char c) { return c <= ' ' || c == 127; }))
      context_.error(diag::N0316, chosen->at, chosen->extent,
                     "`http` is a path that begins with '/' and has no white space",
                     "\"/healthz\"");
  } else if (chosen == kinds[1]) {
    made.set_kind(proto::Health::TCP);
    const bool yes = chosen->value.kind_case() == proto::Value::kBoolean;
    if (yes ? !chosen->value.boolean() : text_of(chosen->value).empty())
      context_.error(diag::N0204, chosen->at, chosen->extent, "`tcp` takes true or a port's name",
                     "true");
    if (!yes)
      port = text_of(chosen->value);
  } else {
    made.set_kind(proto::Health::EXEC);
    for (const std::string &word : texts(*given, "exec"))
      made.add_command(word);
    if (made.command_size() == 0 || made.command(0).empty() || made.command(0).front() != '/')
      context_.error(diag::N0316, chosen->at, chosen->extent,
                     "`exec` begins with an absolute path");
  }
  if (made.kind() != proto::Health::EXEC) {
    std::vector<std::string> names;
    for (const proto::Port &known : out.ports())
      names.push_back(known.name());
    std::string fix;
    const TypedAttribute *named = given->find("port") ? given->find("port") : chosen;
    if (names.empty() && !block.faulty)
      context_.error(diag::N0307, given->at, given->head,
                     fmt::format("workload `{}` has no port to check", out.name()),
                     "ports { http = auto }");
    else if (!port.empty() && !llvm::is_contained(names, port)) {
      const std::string hint = suggestion(port, names, fix);
      context_.error(diag::N0307, named->at, named->extent,
                     fmt::format("workload `{}` has no port `{}`{}", out.name(), port, hint), fix);
    }
  }
  made.set_port(port);
  made.set_every_ms(whole(*given, "every", "ms"));
  made.set_timeout_ms(whole(*given, "timeout", "ms"));
  made.set_grace_ms(whole(*given, "grace", "ms"));
  made.set_failures(static_cast<uint32_t>(whole(*given, "failures", "")));
  *made.mutable_span() = context_.span(given->at, given->head);
}

} // namespace nemo::check
