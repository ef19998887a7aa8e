#include "compiler/explain/texts.h"

#include <map>

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include "llvm/ADT/StringExtras.h"

#include "intent/units/units.h"
#include "protocol/formula/evaluate.h"

namespace nemo::explain {

std::string replica(llvm::StringRef workload, uint32_t number) {
  return fmt::format("{}/{}", workload.str(), number);
}

std::string object(llvm::StringRef workload, uint32_t number) {
  return "workload." + replica(workload, number);
}

std::pair<std::string, uint32_t> replica_of(llvm::StringRef object) {
  object.consume_front("workload.");
  const auto [name, number] = object.rsplit('/');
  uint32_t replica = 0;
  if (number.getAsInteger(10, replica))
    replica = 0;
  return {name.str(), replica};
}

std::string action_id(llvm::StringRef verb, llvm::StringRef workload, uint32_t number) {
  return verb.str() + " " + replica(workload, number);
}

std::string placement_reason(const PlacementStory &story) {
  std::string text;
  if (story.asked)
    text = fmt::format("asked for, of {} node{} that no rule removes", story.candidates,
                       story.candidates == 1 ? "" : "s");
  else if (story.candidates == 1)
    text = "the only node that no rule removes";
  else if (!story.cost_known)
    text = fmt::format("one of {} nodes that no rule removes; their cost is unknown",
                       story.candidates);
  else if (story.cheaper && story.stays && !story.held.empty())
    text = fmt::format("of {} nodes that no rule removes, {} costs less; stays, as {}",
                       story.candidates, *story.cheaper, story.held);
  else if (story.cheaper && story.stays)
    text = fmt::format("of {} nodes that no rule removes; stays, as {} saves too little or has no "
                       "room",
                       story.candidates, *story.cheaper);
  else if (story.cheaper)
    text = fmt::format("of {} nodes that no rule removes, {} costs less but has no room beside "
                       "the other replicas{}{}{}{}{}",
                       story.candidates, *story.cheaper,
                       story.flows ? ", or its flows pay more there" : "",
                       story.alone ? ", or may not be shared with them" : "",
                       story.bonded ? ", or is not where its affinities want it" : "",
                       story.sleepers ? ", or need not be awake" : "",
                       story.balanced ? ", or would be less even" : "");
  else
    text = fmt::format("cheapest of {} nodes that no rule removes", story.candidates);
  if (story.stays && !(story.candidates != 1 && story.cost_known && story.cheaper))
    text += "; runs there";
  if (story.egress)
    text += fmt::format("; pays {}EUR/h for what it sends",
                        Rational::make(*story.egress, 1000000).value_or(Rational()).to_string());
  if (!story.starts_at.empty())
    text += "; starts at " + story.starts_at;
  if (story.replicas != story.replicas_most)
    text += fmt::format("; {} of at most {} replicas, as few as its SLOs allow", story.replicas,
                        story.replicas_most);
  return text;
}

std::string dwells(std::optional<int64_t> ago_ms, uint64_t dwell_ms) {
  const std::string dwell = units::show_time(dwell_ms * 1'000'000);
  if (!ago_ms)
    return fmt::format("it dwells {}, and nobody says when it arrived", dwell);
  const int64_t seconds = std::max<int64_t>(*ago_ms, 0) / 1000, unit = seconds < 120    ? 1
                                                                       : seconds < 7200 ? 60
                                                                                        : 3600;
  return fmt::format("it dwells {} and arrived {}{} ago", dwell, seconds / unit,
                     unit == 1    ? "s"
                     : unit == 60 ? "min"
                                  : "h");
}
std::string job_begun(llvm::StringRef starts_at) {
  return fmt::format("its job has begun at {}", starts_at.str());
}
std::string moves_spent(uint32_t most) {
  return fmt::format("at most {} replica{} may move in an hour", most, most == 1 ? "" : "s");
}

std::string waiting_reason(uint64_t priority, uint32_t gang) {
  if (gang > 1)
    return fmt::format("no room for all {} of its gang beside what comes before priority {}", gang,
                       priority);
  return fmt::format("no room beside what comes before priority {}", priority);
}

std::string create_reason() { return "wanted, and does not run"; }
std::string keep_reason() { return "runs as wanted"; }
std::string finished_reason() { return "has finished; only another block runs it again"; }
std::string rename_reason(llvm::StringRef was) {
  return fmt::format("was {}; goes on running", was.str());
}
bool stays(llvm::StringRef verb) { return verb == "keep" || verb == "rename" || verb == "protect"; }

std::string replace_reason(llvm::ArrayRef<std::string> changed) {
  if (changed.empty())
    return "what it was started from is not what is wanted";
  return "changed: " + llvm::join(changed, ", ");
}

std::string move_reason(llvm::StringRef from_node, bool gone, bool admitted) {
  if (gone)
    return fmt::format("{} is not in the fleet", from_node.str());
  if (!admitted)
    return fmt::format("a rule removes {}", from_node.str());
  return fmt::format("better placed than on {}", from_node.str());
}

std::string closed(const proto::Cordon &cordon) {
  return fmt::format("{}{}{}", cordon.drained() ? "drained" : "cordoned",
                     cordon.reason().empty() ? "" : ": ", cordon.reason());
}
std::string drained_reason(const proto::Node &from) {
  return fmt::format("{} is {}", from.name(), closed(from.cordon()));
}
std::string asked_reason(llvm::StringRef from_node) {
  return fmt::format("asked to leave {}", from_node.str());
}

std::string delete_reason(Unwanted why, uint32_t replicas_now_wanted) {
  switch (why) {
  case Unwanted::workload_gone:
    return "the intent does not name it";
  case Unwanted::fewer_replicas:
    return fmt::format("{} {} planned", replicas_now_wanted,
                       replicas_now_wanted == 1 ? "replica is" : "replicas are");
  case Unwanted::destroyed:
    return "the stack is removed";
  }
  return {};
}

namespace {

template <typename Message> bool same(const Message &a, const Message &b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

template <typename List> bool same_list(const List &a, const List &b) {
  if (a.size() != b.size())
    return false;
  for (int i = 0; i < a.size(); ++i)
    if (!same(a[i], b[i]))
      return false;
  return true;
}

bool same_words(const google::protobuf::RepeatedPtrField<std::string> &a,
                const google::protobuf::RepeatedPtrField<std::string> &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

} // namespace

std::vector<std::string> changed_fields(const proto::Spec &from, const proto::Spec &to) {
  std::vector<std::string> changed;
  auto note = [&](bool equal, llvm::StringRef name) {
    if (!equal)
      changed.push_back(name.str());
  };
  note(same_words(from.exec(), to.exec()), "exec");
  note(from.image() == to.image(), "image");
  note(from.sandbox() == to.sandbox(), "sandbox");
  note(from.network() == to.network(), "network");
  note(same(from.resources(), to.resources()), "resources");
  note(std::equal(from.gpus().begin(), from.gpus().end(), to.gpus().begin(), to.gpus().end()),
       "devices");
  note(same_list(from.ports(), to.ports()), "ports");
  note(std::equal(from.connect().begin(), from.connect().end(), to.connect().begin(),
                  to.connect().end()),
       "connect");
  std::map<std::string, std::pair<std::string, std::string>> env;
  std::map<std::string, std::pair<bool, bool>> has;
  for (const auto &variable : from.env()) {
    env[variable.name()].first = variable.value();
    has[variable.name()].first = true;
  }
  for (const auto &variable : to.env()) {
    env[variable.name()].second = variable.value();
    has[variable.name()].second = true;
  }
  for (const auto &[name, values] : env)
    note(values.first == values.second && has[name].first == has[name].second, "env " + name);
  note(same_list(from.mounts(), to.mounts()), "mounts");
  note(same(from.health(), to.health()), "health");
  note(same(from.restart(), to.restart()), "restart");
  note(from.stop_grace_ms() == to.stop_grace_ms() && from.stop_signal() == to.stop_signal(),
       "stop");
  note(same_list(from.secrets(), to.secrets()), "secrets");
  std::map<std::string, std::pair<std::string, std::string>> peers;
  for (const auto &peer : from.peers())
    peers[replica(peer.workload(), peer.replica())].first = peer.SerializeAsString();
  for (const auto &peer : to.peers())
    peers[replica(peer.workload(), peer.replica())].second = peer.SerializeAsString();
  for (const auto &[name, texts] : peers)
    note(texts.first == texts.second, "address of " + name);
  note(from.working_directory() == to.working_directory(), "working-directory");
  note(same_words(from.accept_missing(), to.accept_missing()), "what the node enforces");
  return changed;
}

std::string protect_reason() { return "runs as wanted; protected from now on"; }
std::string guarded_reason(const proto::Node &drained) {
  return fmt::format("runs as wanted; {}, and what runs protected stays until it is unprotected",
                     drained_reason(drained));
}
std::string still_protected(llvm::StringRef workload) {
  return fmt::format("workload {} runs protected, and its block does not say so", workload.str());
}
std::string unprotect_fix(llvm::StringRef workload, llvm::StringRef stack) {
  return fmt::format("to lift it: nemo unprotect workload.{} --stack {}", workload.str(),
                     stack.str());
}

std::string survives(llvm::StringRef kind, llvm::StringRef name, size_t lost) {
  return fmt::format("the loss of {} {} would take {} replica{} that {} to survive, with room for "
                     "{} elsewhere",
                     kind.str(), name.str(), lost, lost == 1 ? "" : "s", lost == 1 ? "is" : "are",
                     lost == 1 ? "it" : "all of them");
}

std::string within(const proto::Affinity &affinity) {
  return affinity.within_ns() != 0 ? units::show_time(affinity.within_ns())
                                   : "the same " + affinity.within();
}

std::string hands_out_no_devices() { return "it does not say that it hands out devices"; }

std::string healthy_first() { return "healthy-first"; }
std::string live() { return "live"; }
std::string stop_first_port(uint32_t number) {
  return fmt::format("stop-first: port {} is fixed", number);
}
std::string stop_first_volume(llvm::StringRef volume) {
  return fmt::format("stop-first: volume {} has one writer", volume.str());
}

std::string stop_first_once() { return "stop-first: it must not run twice"; }

std::string stop_first_room(llvm::StringRef node) {
  return fmt::format("stop-first: makes room on {}", node.str());
}

std::string stop_first_exclusive(llvm::StringRef node) {
  return fmt::format("stop-first: {} is for one workload alone", node.str());
}

std::string restores(llvm::StringRef volume, uint64_t bytes, uint64_t bits_per_second) {
  return fmt::format("{} of volume {} at {}", units::show_bytes(bytes), volume.str(),
                     units::show_rate(bits_per_second));
}
std::string copies_memory(uint64_t bytes, uint64_t bits_per_second) {
  return fmt::format("{} of memory at {}", units::show_bytes(bytes),
                     units::show_rate(bits_per_second));
}
std::string bandwidth_unknown(llvm::StringRef from, llvm::StringRef to) {
  return fmt::format("no link says the bandwidth from {} to {}", from.str(), to.str());
}
std::string pulls(llvm::StringRef image, uint64_t bytes, uint64_t bits_per_second) {
  return fmt::format("{} of image {} at {}", units::show_bytes(bytes), image.str(),
                     units::show_rate(bits_per_second));
}
std::string wakes(llvm::StringRef node, uint64_t milliseconds) {
  return fmt::format("up to {} until {} wakes", units::show_time(milliseconds * 1'000'000),
                     node.str());
}
std::string wake_unknown(llvm::StringRef node) {
  return fmt::format("`wake` of node {} is not said", node.str());
}
std::string image_size_unknown(llvm::StringRef workload) {
  return fmt::format("`image-size` of workload {} is not said", workload.str());
}
std::string pull_unknown(llvm::StringRef node) {
  return fmt::format("`pull` of node {} is not said", node.str());
}
std::string restore_unknown(llvm::StringRef volume, llvm::StringRef attribute) {
  return fmt::format("`{}` of volume {} is not said", attribute.str(), volume.str());
}

namespace {

proto::Model model(const char *figure, const char *name, const char *source) {
  proto::Model result;
  result.set_figure(figure);
  result.set_name(name);
  result.set_source(source);
  return result;
}

} // namespace

proto::Model cost_model() {
  return model("eur_per_hour", "dominant-share",
               "node price x dominant share (Ghodsi et al., NSDI 2011) + power x site price");
}
proto::Model power_model() {
  return model("watts", "linear-share",
               "linear in CPU share (Fan, Weber, Barroso, ISCA 2007); idle power by reserved share "
               "(SCI specification, ISO/IEC 21031:2024)");
}
proto::Model carbon_model() {
  return model("gco2e_per_hour", "location-based",
               "power x carbon intensity of the site's grid (GHG Protocol, Scope 2)");
}
proto::Model availability_model() {
  return model(
      "availability", "shared-domains",
      "replicas up, by site and node (Barlow, Heidtmann, 1984); what it needs to serve: at "
      "least the product, at most the least (Esary, Proschan, Walkup, 1967)");
}
proto::Model latency_model() {
  return model(
      "latency", "mmc-calls",
      "each replica an M/M/c queue (Kleinrock, 1975), the calls between them over the ways "
      "of least latency; bounds by the longest path and by the union bound (Boole)");
}
proto::Model flow_latency_model() {
  return model("latency", "shortest-path",
               "the way of least latency over the links (Dijkstra, 1959)");
}
proto::Model throughput_model() {
  return model("throughput", "reserved-paths",
               "what is reserved, and what others leave on the links of the way of least latency");
}
std::string and_preferences() {
  return "; 0.01EUR/h times its weight for each preference that a replica's node does not keep";
}
proto::Model overcommit_model() {
  return model("overcommit", "effective-bandwidth",
               "Chernoff bound of independent on-off use (Hui, 1988; Kelly, 1996)");
}

namespace {

std::string share(uint64_t ppb) {
  return Rational::make(static_cast<Rational::Int>(ppb), 10'000'000)
             .value_or(Rational())
             .to_string() +
         "%";
}

} // namespace

std::string overcommit_target(uint64_t ppb) { return "overcommit = " + share(ppb); }

std::string overcommitted(llvm::StringRef node, uint64_t ppb) {
  return node.empty() ? "no node promises more processor than it has"
                      : fmt::format("{} at most on {}, if replicas use processor independently",
                                    share(ppb), node.str());
}

std::string and_awake() {
  return "; what idling takes more than being suspended, for each node that is awake for this plan "
         "alone";
}
std::string and_balance(uint64_t neur) {
  return fmt::format("; {}EUR/h for each core that is reserved above a node's even share",
                     Rational::make(static_cast<Rational::Int>(neur), 1'000'000'000)
                         .value_or(Rational())
                         .to_string());
}

proto::Model with_nodes_awake(proto::Model model) {
  if (model.figure() == "watts")
    model.set_source(model.source() + "; of a node that can be suspended what idling draws more, "
                                      "once for all that is placed there");
  return model;
}
std::string bound_model() {
  return "each replica at its cheapest admissible node, with scarce room at its price (Lagrangian "
         "relaxation, Fisher 1981)";
}
std::string searched_bound_model() {
  return "every placement that could cost less was looked at (branch and bound, Land and Doig "
         "1960)";
}

std::string detail_no_model(llvm::StringRef metric) {
  return fmt::format("no model predicts {}", metric.str());
}
std::string bounds(const proto::Value &low, const proto::Value &high) {
  proto::Value range;
  *range.mutable_range()->mutable_low() = low;
  *range.mutable_range()->mutable_high() = high;
  return formula::to_string(range);
}
std::string fact_of(llvm::StringRef fact, llvm::StringRef kind, llvm::StringRef name) {
  return fmt::format("{} of {} {}", fact.str(), kind.str(), name.str());
}
std::string latency_between(llvm::StringRef from_node, llvm::StringRef to_node) {
  return fmt::format("latency from {} to {}", from_node.str(), to_node.str());
}
std::string too_many_pairs(llvm::StringRef from, llvm::StringRef to) {
  return fmt::format("latency from {} to {}, between more pairs of nodes than are looked at",
                     from.str(), to.str());
}
std::string calls_in_circle(llvm::StringRef workload) {
  return fmt::format("an end of the calls from {}, which go in a circle", workload.str());
}
std::string beyond_numbers() { return "a figure that does not fit 128 bits"; }
std::string overloaded(llvm::StringRef workload, const std::optional<Rational> &busy) {
  const auto percent = busy ? busy->times(Rational(100)) : std::nullopt;
  return fmt::format("without bound: the load of {} is {} of what its replicas can work off",
                     workload.str(), percent ? percent->to_human() + "%" : "a multiple");
}
std::string detail_missing(llvm::StringRef fact) { return fmt::format("unknown: {}", fact.str()); }
std::string detail_parts(llvm::ArrayRef<std::pair<std::string, std::string>> name_and_value) {
  std::string text;
  for (const auto &[name, value] : name_and_value)
    text += fmt::format("{}{} = {}", text.empty() ? "" : "; ", name, value);
  return text;
}

} // namespace nemo::explain
