// Nothing is kept from the judging but which rule took which node: the values are found again here,
// for the few verdicts that a message shows.
#include "compiler/policy/explain.h"

#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "compiler/explain/texts.h"
#include "compiler/policy/policy.h"
#include "compiler/resolve/devices.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/supply.h"
#include "compiler/resolve/volumes.h"

namespace nemo::compiler {

namespace {

// A number of thousandths as a decimal: 1500 is "1.5".
std::string thousandths(uint64_t value) {
  return Rational::make(static_cast<Rational::Int>(value), 1000).value_or(Rational()).to_string();
}

std::string power_given(const proto::Node &node) {
  const std::string given = thousandths(node.supply_mw());
  if (!node.has_power_idle_mw() || !node.has_power_max_mw())
    return fmt::format("it is given {}W, and what it draws is unknown", given);
  return fmt::format("it is given {}W, which feed {}core of its {}core", given,
                     thousandths(fed_millicores(node)), thousandths(node.cpu_millicores()));
}

} // namespace

std::string bytes_text(uint64_t bytes) {
  constexpr const char *units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (unit + 1 < std::size(units) && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return std::to_string(bytes) + units[unit];
}

std::string named_text(const NamedDevices &devices) {
  std::string text;
  for (const proto::NamedDevice &device : devices)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", device.count(), device.name());
  return text.empty() ? "none" : text;
}

std::string amounts(const proto::Resources &resources) {
  std::string text = fmt::format("{}core, {} of memory", thousandths(resources.cpu_millicores()),
                                 bytes_text(resources.memory_bytes()));
  if (resources.disk_bytes())
    text += fmt::format(", {} of disk", bytes_text(resources.disk_bytes()));
  if (resources.gpu_milli())
    text += fmt::format(", {} gpu", thousandths(resources.gpu_milli()));
  if (!resources.devices().empty())
    text += ", " + named_text(resources.devices());
  for (const proto::Hours &hours : resources.hours()) {
    text += fmt::format("; from {}:00 to {}:00 UTC", hours.from(), hours.to());
    if (hours.has_cpu_millicores())
      text += fmt::format(" {}core", thousandths(hours.cpu_millicores()));
    if (hours.has_memory_bytes())
      text += fmt::format("{} {} of memory", hours.has_cpu_millicores() ? "," : "",
                          bytes_text(hours.memory_bytes()));
  }
  return text;
}

std::string devices_text(const proto::Node &node) {
  std::vector<std::pair<std::string, size_t>> kinds;
  for (const DeviceView &device : devices_of(node)) {
    std::string kind = "an unknown model";
    if (device.said && !device.said->model().empty())
      kind = device.said->model();
    if (device.said && device.said->has_memory_bytes())
      kind += " with " + bytes_text(device.said->memory_bytes());
    if (device.said && !device.said->profile().empty())
      kind += " as " + device.said->profile();
    const auto known = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const auto &entry) { return entry.first == kind; });
    if (known == kinds.end())
      kinds.emplace_back(kind, 1);
    else
      ++known->second;
  }
  std::string text;
  for (const auto &[kind, count] : kinds)
    text += fmt::format("{}{} of {}", text.empty() ? "" : ", ", count, kind);
  return text.empty() ? "no GPU" : text;
}

std::string kind_text(const proto::Resources &resources) {
  std::string text;
  auto add = [&](const std::string &part) { text += (text.empty() ? "" : ", ") + part; };
  if (!resources.gpu_models().empty())
    add(fmt::format("gpu-model = [{}]", fmt::join(resources.gpu_models(), ", ")));
  if (resources.gpu_memory_bytes() != 0)
    add("gpu-memory = " + bytes_text(resources.gpu_memory_bytes()));
  if (!resources.gpu_profile().empty())
    add("gpu-profile = " + resources.gpu_profile());
  return text;
}

const proto::Rule *rule_of(const proto::Intent &intent, const stages::Restriction &restriction) {
  const int block = static_cast<int>(restriction.block());
  const int rule = static_cast<int>(restriction.rule());
  if (restriction.kind() == stages::Restriction::POLICY)
    return &intent.policies(block).rules(rule);
  if (restriction.kind() == stages::Restriction::PLACE)
    return &intent.workloads(block).place().rules(rule);
  return nullptr;
}

Described describe(const proto::Intent &intent, const stages::Restriction &restriction) {
  const int block = static_cast<int>(restriction.block());
  if (restriction.kind() == stages::Restriction::POLICY) {
    const proto::Rule &rule = *rule_of(intent, restriction);
    return {fmt::format("policy {}: {}", intent.policies(block).name(), rule.text()), rule.span()};
  }
  const proto::Workload &workload = intent.workloads(block);
  auto say = [&](std::string text, const proto::Span &span) {
    return Described{fmt::format("workload {}: {}", workload.name(), text),
                     is_known(span) ? span : workload.span()};
  };
  switch (restriction.kind()) {
  case stages::Restriction::PLACE:
    return say(rule_of(intent, restriction)->text(), rule_of(intent, restriction)->span());
  case stages::Restriction::ON: {
    std::vector<std::string> names(workload.place().on().begin(), workload.place().on().end());
    return say("on " + enumerate(names), workload.place().on_span());
  }
  case stages::Restriction::SANDBOX:
    return say("sandbox = " + workload.sandbox(), workload.sandbox_span());
  case stages::Restriction::NETWORK:
    return say("network = own", workload.span());
  case stages::Restriction::LOCATION:
    return say(fmt::format("data location = {}", workload.data().location()),
               workload.data().span());
  case stages::Restriction::RESOURCES: {
    proto::Resources all = workload.resources();
    all.clear_devices();
    all.set_disk_bytes(reserved(all, workload.mounts()).disk_bytes());
    std::string text = "resources: " + amounts(all);
    if (workload.replicas_min() != 1)
      text += fmt::format(" for each of {} replicas", workload.replicas_min());
    return say(text, workload.resources().span());
  }
  case stages::Restriction::SUPPLY:
    return say(fmt::format("cpu = {}core draws more power than the node is given",
                           thousandths(workload.resources().cpu_millicores())),
               workload.resources().span());
  case stages::Restriction::SPREAD:
    if (const uint32_t least = workload.place().min_domains())
      return say(fmt::format("min-domains = {} with spread = {} over {} replicas", least,
                             workload.place().spread(), workload.replicas_min()),
                 workload.place().min_domains_span());
    return say(fmt::format("spread = {} over {} replicas", workload.place().spread(),
                           workload.replicas_min()),
               workload.place().spread_span());
  case stages::Restriction::PORT:
    for (const proto::Port &port : workload.ports())
      if (port.number() != 0)
        return say(
            fmt::format("port {} = {} is fixed, so one replica a node", port.name(), port.number()),
            port.span());
    return say("fixed ports", workload.span());
  case stages::Restriction::VOLUME:
    for (const proto::Mount &mount : workload.mounts())
      if (is_local_volume(mount))
        return say(fmt::format("volume {} stays on the node that it is on", mount.volume()),
                   mount.span());
    return say("volumes stay where they are", workload.span());
  case stages::Restriction::VOLUME_KIND:
    for (const proto::Mount &mount : workload.mounts())
      if (!mount.kind().empty())
        return say(fmt::format("volume {} is {}", mount.volume(), mount.kind()), mount.span());
    return say("volumes of a kind that not every node has", workload.span());
  case stages::Restriction::AFFINITY: {
    const auto rule = static_cast<int>(restriction.rule());
    if (rule >= workload.place().affinities_size())
      return say("affinity", workload.span());
    const proto::Affinity &affinity = workload.place().affinities(rule);
    return say(fmt::format("{} {}, within {}", affinity.anti() ? "apart from" : "near",
                           affinity.to(), explain::within(affinity)),
               affinity.span());
  }
  case stages::Restriction::EXCLUSIVE:
    return workload.place().exclusive()
               ? say("exclusive = true, so no other workload is on its nodes",
                     workload.place().exclusive_span())
               : say("exclusive workloads that stay keep their nodes", workload.span());
  case stages::Restriction::SURVIVE:
    return say("survive = " + workload.survive(), workload.survive_span());
  case stages::Restriction::DWELL:
    return say("dwell: it arrived there a short time ago", workload.dwell_span());
  case stages::Restriction::DEVICE: {
    const std::string kind = kind_text(workload.resources());
    return say(kind.empty() ? "gpu: whole devices of one node" : kind, workload.resources().span());
  }
  case stages::Restriction::NAMED_DEVICE:
    return say("devices: " + named_text(workload.resources().devices()),
               workload.resources().span());
  case stages::Restriction::CORDON:
    return say("cordoned nodes take nothing new", workload.span());
  case stages::Restriction::ASKED:
    return say(fmt::format("replica {} is asked to be on one node", restriction.rule()),
               workload.span());
  case stages::Restriction::MOVES:
    return say("as many have moved within the hour as may", workload.span());
  default:
    return say("", workload.span());
  }
}

std::string source_of(const proto::Intent &intent, const proto::Expr &formula,
                      const std::string &otherwise) {
  const proto::Span &span = formula.span();
  if (is_known(span) && span.file() < static_cast<uint32_t>(intent.files_size())) {
    const std::string &text = intent.files(static_cast<int>(span.file())).text();
    if (span.begin() < span.end() && span.end() <= text.size())
      return text.substr(span.begin(), span.end() - span.begin());
  }
  return otherwise;
}

std::string explain_rule(const proto::Intent &intent, const proto::Rule &rule,
                         const Subject &subject) {
  auto value = formula::evaluate(
      rule.formula(), [&](const proto::Ref &ref) { return lookup(ref, subject); }, true);
  if (!value)
    return llvm::toString(value.takeError());
  return formula::explain(source_of(intent, rule.formula(), rule.text()), rule.formula(), *value);
}

std::string why(const proto::Intent &intent, const stages::Restriction &restriction,
                const proto::Workload &workload, const NodeView &view) {
  const proto::Node &node = *view.node;
  switch (restriction.kind()) {
  case stages::Restriction::POLICY:
  case stages::Restriction::PLACE:
    return explain_rule(intent, *rule_of(intent, restriction), {&intent, &workload, &view});
  case stages::Restriction::ON:
    return "it is in none of these selections";
  case stages::Restriction::SANDBOX: {
    std::vector<std::string> kinds(node.sandboxes().begin(), node.sandboxes().end());
    return kinds.empty() ? "it offers no sandbox" : "it offers " + enumerate(kinds);
  }
  case stages::Restriction::NETWORK:
    return offers(node, "network.own") == Offer::unknown
               ? "it does not say whether it can (network.own is unknown)"
               : "it cannot give a network of its own";
  case stages::Restriction::RESOURCES: {
    proto::Resources there;
    there.set_cpu_millicores(node.cpu_millicores());
    there.set_memory_bytes(node.memory_bytes());
    there.set_disk_bytes(node.disk_bytes());
    there.set_gpu_milli(gpu_milli(node));
    std::string text = "it has " + amounts(there);
    if (reserved(workload.resources(), workload.mounts()).disk_bytes() && !node.has_disk_bytes())
      text += "; its disk is unknown";
    if (workload.resources().gpu_milli() && !node.has_gpu_milli() && node.gpus().empty())
      text += "; its gpu is unknown";
    if (fed_millicores(node) < node.cpu_millicores())
      text += "; " + power_given(node);
    return text;
  }
  case stages::Restriction::DEVICE:
    return "it has " + devices_text(node);
  case stages::Restriction::NAMED_DEVICE:
    return "it has " + named_text(node.devices());
  case stages::Restriction::SUPPLY:
    return power_given(node);
  case stages::Restriction::SPREAD:
    return fmt::format("its {} is unknown", workload.place().spread());
  case stages::Restriction::PORT:
    return "the port is taken there by another stack";
  case stages::Restriction::SURVIVE:
    return "its site is unknown";
  case stages::Restriction::EXCLUSIVE:
    return workload.place().exclusive() ? "another workload stays there"
                                        : "an exclusive workload stays there";
  case stages::Restriction::VOLUME_KIND:
    return "it does not keep such volumes";
  case stages::Restriction::VOLUME:
  case stages::Restriction::LOCATION:
    return "the data is elsewhere";
  case stages::Restriction::CORDON:
    return "it is " + explain::closed(node.cordon());
  case stages::Restriction::ASKED:
    return "it is not the node that was asked for";
  default:
    return {};
  }
}

std::vector<Note> exclusion_notes(const proto::Intent &intent, const std::vector<NodeView> &nodes,
                                  const stages::Restriction &restriction,
                                  const proto::Workload &workload, const NodeBits &excluded) {
  Described described = describe(intent, restriction);
  std::vector<std::string> names;
  const NodeView *first = nullptr;
  excluded.for_each([&](size_t node) {
    first = first ? first : &nodes[node];
    names.push_back(nodes[node].node->name());
  });
  std::string text = described.text;
  if (!names.empty())
    text += fmt::format(" (excludes {})", enumerate(names));
  std::vector<Note> notes = {note(std::move(text), intent, described.span)};
  if (first) {
    std::string cause = why(intent, restriction, workload, *first);
    notes.push_back(note(fmt::format("{}:{}{}", names.front(),
                                     cause.find('\n') == std::string::npos ? " " : "\n", cause)));
  }
  return notes;
}

} // namespace nemo::compiler
