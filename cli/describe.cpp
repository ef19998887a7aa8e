#include "cli/describe.h"

#include <fmt/format.h>

#include "compiler/plan/table.h"
#include "intent/units/units.h"
#include "protocol/formula/evaluate.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

namespace nemo::cli {

namespace {

class Description {
public:
  Description(const proto::Intent &intent, std::string name, const proto::Span &span) {
    object_.name = std::move(name);
    if (span.line() != 0 && static_cast<int>(span.file()) < intent.files_size())
      object_.place =
          fmt::format("{}:{}", intent.files(static_cast<int>(span.file())).path(), span.line());
  }
  void say(const std::string &name, const std::string &value) {
    if (!value.empty())
      object_.facts.emplace_back(name, value);
  }
  template <typename List> void say_list(const std::string &name, const List &list) {
    say(name, llvm::join(list, ", "));
  }
  void say_rules(const google::protobuf::RepeatedPtrField<proto::Rule> &rules) {
    for (const proto::Rule &rule : rules)
      say("rule", rule.text());
  }
  Described take() { return std::move(object_); }

private:
  Described object_;
};

std::string health_text(const proto::Health &health) {
  if (health.kind() == proto::Health::NONE)
    return "none: running counts as healthy";
  std::string what = llvm::StringRef(proto::Health::Kind_Name(health.kind())).lower();
  if (!health.path().empty())
    what += " " + health.path();
  if (health.command_size() != 0)
    what += " " + llvm::join(health.command(), " ");
  return fmt::format("{}, every {}ms, timeout {}ms, grace {}ms, unhealthy after {} failures", what,
                     health.every_ms(), health.timeout_ms(), health.grace_ms(), health.failures());
}

std::string mount_text(const proto::Mount &mount) {
  std::string text = mount.source();
  if (!mount.volume().empty())
    text = (mount.kind().empty() ? "" : mount.kind() + " ") + "volume " + mount.volume();
  if (!mount.origin().empty())
    text += " from " + mount.origin();
  text += " on " + mount.target() + (mount.read_only() ? ", read-only" : "");
  if (mount.size_bytes() != 0)
    text += ", at most " + units::show_bytes(mount.size_bytes());
  if (mount.restore_bps() != 0)
    text += ", back at " + units::show_rate(mount.restore_bps());
  return text;
}

std::string port_text(const proto::Port &port) {
  return fmt::format("{} = {}", port.name(),
                     port.number() == 0 ? "auto" : std::to_string(port.number()));
}

void describe_more(const proto::Resources &resources, Description &d) {
  for (const proto::Hours &hours : resources.hours()) {
    std::string text = fmt::format("{}:00 to {}:00 UTC:", hours.from(), hours.to());
    if (hours.has_cpu_millicores())
      text += " cpu " + units::show_cpu(hours.cpu_millicores());
    if (hours.has_memory_bytes())
      text += " memory " + units::show_bytes(hours.memory_bytes());
    d.say("hours", text);
  }
  for (const proto::NamedDevice &device : resources.devices())
    d.say("device", fmt::format("{} {}", device.count(), device.name()));
  if (resources.gpu_milli() == 0)
    return;
  d.say("gpu", Rational::make(static_cast<Rational::Int>(resources.gpu_milli()), 1000)
                   .value_or(Rational())
                   .to_string());
  d.say_list("gpu-model", resources.gpu_models());
  if (resources.gpu_memory_bytes() != 0)
    d.say("gpu-memory", units::show_bytes(resources.gpu_memory_bytes()));
  d.say("gpu-profile", resources.gpu_profile());
}

Described workload(const proto::Intent &intent, const proto::Workload &w) {
  Description d(intent, "workload." + w.name(), w.span());
  d.say("tenant", w.tenant());
  d.say("image", w.image());
  d.say("exec", llvm::join(w.exec(), " "));
  d.say("sandbox", w.sandbox());
  d.say("network", w.network());
  d.say("replicas", w.replicas_min() == w.replicas_max()
                        ? std::to_string(w.replicas_min())
                        : fmt::format("{}..{}", w.replicas_min(), w.replicas_max()));
  if (w.has_priority())
    d.say("priority", std::to_string(w.priority()) + (w.gang() ? ", all or none" : ""));
  if (w.resources().cpu_millicores() != 0)
    d.say("cpu", units::show_cpu(w.resources().cpu_millicores()));
  if (w.resources().cpu_mean_millicores() != 0)
    d.say("cpu-mean", units::show_cpu(w.resources().cpu_mean_millicores()));
  if (w.resources().memory_bytes() != 0)
    d.say("memory", units::show_bytes(w.resources().memory_bytes()));
  describe_more(w.resources(), d);
  for (const proto::Port &port : w.ports())
    d.say("port", port_text(port));
  for (const proto::EnvVar &env : w.env())
    d.say("env", env.name() + " = " + env.value());
  for (const proto::Mount &mount : w.mounts())
    d.say("mount", mount_text(mount));
  d.say_list("secret", w.secrets());
  d.say_list("after", w.after());
  d.say_list("on", w.place().on());
  d.say("spread", w.place().spread());
  if (w.place().min_domains() != 0)
    d.say("min-domains", std::to_string(w.place().min_domains()));
  if (w.place().exclusive())
    d.say("exclusive", "true");
  for (const proto::Affinity &affinity : w.place().affinities())
    d.say(affinity.anti() ? "apart from" : "near",
          fmt::format("{}, within {}", affinity.to(),
                      affinity.within_ns() == 0 ? affinity.within()
                                                : units::show_time(affinity.within_ns())));
  d.say_rules(w.place().rules());
  d.say_rules(w.slo());
  d.say("survive", w.survive());
  if (w.min_available() != 0)
    d.say("min-available", std::to_string(w.min_available()));
  if (w.has_load())
    d.say(
        "load",
        fmt::format(
            "{}req/s, {} each, {} at once in a replica",
            Rational::make(static_cast<Rational::Int>(w.load().rate_urps()), 1'000'000)->to_human(),
            units::show_time(w.load().service_time_ns()), w.load().concurrency()));
  if (w.has_job())
    d.say("job",
          fmt::format("{}{}, {}", units::show_time(w.job().duration_ms() * 1'000'000),
                      w.job().earliest().empty() ? "" : " from " + w.job().earliest() + " on",
                      w.job().within_ms() == 0
                          ? "until " + w.job().deadline()
                          : "within " + units::show_time(w.job().within_ms() * 1'000'000) +
                                " of the first plan that holds it"));
  if (w.has_budget())
    d.say("budget", fmt::format("{}: {} of {} stay up", w.budget().text(), w.budget().least_up(),
                                w.replicas_min()));
  if (w.dwell_ms() != 0)
    d.say("dwell", units::show_time(w.dwell_ms() * 1'000'000));
  d.say("data class", w.data().data_class());
  for (const proto::Label &label : w.labels())
    d.say("label", label.key() + " = " + formula::to_string(label.value()));
  d.say("health", health_text(w.health()));
  d.say("restart",
        fmt::format("{}, first after {}ms, at most {}ms apart",
                    llvm::StringRef(proto::Restart::Policy_Name(w.restart().policy())).lower(),
                    w.restart().backoff_ms(), w.restart().backoff_max_ms()));
  d.say("stop", fmt::format("SIG{}, killed after {}ms", w.stop_signal(), w.stop_grace_ms()));
  if (w.protect())
    d.say("protect", "true");
  return d.take();
}

Described cluster(const proto::Intent &intent, const proto::Cluster &c) {
  Description d(intent, "cluster." + c.name(), c.span());
  d.say("tenant", c.tenant());
  d.say("kind", c.kind() + (c.version().empty() ? "" : " " + c.version()));
  d.say_list("on", c.on());
  d.say("nodes", c.nodes_min() == c.nodes_max()
                     ? std::to_string(c.nodes_min())
                     : fmt::format("{}..{}", c.nodes_min(), c.nodes_max()));
  std::string controllers = std::to_string(c.controllers());
  if (c.quorum_latency_ns() != 0)
    controllers += ", within " + units::show_time(c.quorum_latency_ns());
  if (!c.spread().empty())
    controllers += ", in different ones by " + c.spread();
  d.say("controllers", controllers);
  if (c.capacity().cpu_millicores() != 0)
    d.say("cpu", units::show_cpu(c.capacity().cpu_millicores()));
  if (c.capacity().memory_bytes() != 0)
    d.say("memory", units::show_bytes(c.capacity().memory_bytes()));
  d.say_rules(c.rules());
  return d.take();
}

Described generic(const proto::Intent &intent, const proto::Object &o, std::string name) {
  Description d(intent, std::move(name), o.span());
  for (const proto::Attribute &attribute : o.attributes())
    d.say(attribute.name(), formula::to_string(attribute.value()));
  d.say_rules(o.rules());
  return d.take();
}

} // namespace

std::vector<Described> describe(const proto::Intent &intent) {
  std::vector<Described> all;
  for (const proto::Workload &w : intent.workloads())
    all.push_back(workload(intent, w));
  auto ruled = [&](const char *kind, const auto &objects) {
    for (const auto &object : objects) {
      Description d(intent, fmt::format("{}.{}", kind, object.name()), object.span());
      d.say_rules(object.rules());
      all.push_back(d.take());
    }
  };
  ruled("select", intent.selects());
  ruled("policy", intent.policies());
  ruled("objective", intent.objectives());
  for (const proto::Tenant &tenant : intent.tenants()) {
    Description d(intent, "tenant." + tenant.name(), tenant.span());
    if (tenant.quota().cpu_millicores() != 0)
      d.say("quota cpu", units::show_cpu(tenant.quota().cpu_millicores()));
    if (tenant.quota().memory_bytes() != 0)
      d.say("quota memory", units::show_bytes(tenant.quota().memory_bytes()));
    if (tenant.guarantee().cpu_millicores() != 0)
      d.say("guarantee cpu", units::show_cpu(tenant.guarantee().cpu_millicores()));
    if (tenant.guarantee().memory_bytes() != 0)
      d.say("guarantee memory", units::show_bytes(tenant.guarantee().memory_bytes()));
    all.push_back(d.take());
  }
  for (const proto::Secret &secret : intent.secrets()) {
    Description d(intent, "secret." + secret.name(), secret.span());
    d.say("file", secret.file() + " on the node; never a value");
    all.push_back(d.take());
  }
  for (const proto::Cluster &c : intent.clusters())
    all.push_back(cluster(intent, c));
  for (const proto::Inventory &item : intent.inventory())
    all.push_back(generic(intent, item.facts(), item.kind() + "." + item.name()));
  for (const proto::Object &object : intent.objects())
    all.push_back(generic(
        intent, object, object.kind() + (object.labels_size() != 0 ? "." + object.labels(0) : "")));
  return all;
}

void print(llvm::raw_ostream &out, const Described &object, const plan::PrintStyle &style) {
  out << plan::painted(object.name, plan::Tone::strong, style.color);
  if (!object.place.empty())
    out << "  " << plan::painted(object.place, plan::Tone::faint, style.color);
  out << '\n';
  plan::Table table;
  for (const auto &[name, value] : object.facts)
    table.row({{name, plan::Tone::faint}, {value}});
  table.print(out, style);
}

} // namespace nemo::cli
