// The words of a plan, each in one place: ids, reasons, hand-over, models. Pure functions from
// values to text, so that whoever checks a plan can say what its words must be without sharing how
// it was found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include "base/rational.h"
#include "protocol/plan.pb.h"

namespace nemo::explain {

/// "web/0"
std::string replica(llvm::StringRef workload, uint32_t number);
/// "workload.web/0"
std::string object(llvm::StringRef workload, uint32_t number);
/// The workload and number of an object; number 0 for what is no replica.
std::pair<std::string, uint32_t> replica_of(llvm::StringRef object);
/// "create web/0"
std::string action_id(llvm::StringRef verb, llvm::StringRef workload, uint32_t number);

/// Why a replica stands where it stands.
struct PlacementStory {
  uint32_t candidates = 0;            ///< nodes that no rule removes
  bool cost_known = true;             ///< the objective has a value there
  std::optional<std::string> cheaper; ///< the cheapest candidate, where this is not as cheap
  bool stays = false;                 ///< it runs there now
  bool asked = false;                 ///< somebody asked for it to be there
  std::string held;                   ///< why nothing that costs less is looked for
  bool bonded = false;                ///< it has affinities
  bool alone = false;                 ///< some workload of the intent is exclusive
  std::string starts_at;              ///< of a job
  bool sleepers = false;              ///< some node could be suspended
  bool balanced = false;              ///< uneven nodes cost something
  bool flows = false;                 ///< flows that pay for links begin or end at it
  std::optional<int64_t> egress;      ///< 1e-6 EUR/h that it pays for what it sends
  uint32_t replicas = 1;              ///< that are planned
  uint32_t replicas_most = 1;         ///< that the author allows
};
std::string placement_reason(const PlacementStory &story);
/// PlacementStory.held. \param ago  since it arrived on its node; nullopt: nobody says.
std::string dwells(std::optional<int64_t> ago_ms, uint64_t dwell_ms);
std::string job_begun(llvm::StringRef starts_at);
std::string moves_spent(uint32_t most);

/// Why a replica waits. \param gang  how many of it are given room together
std::string waiting_reason(uint64_t priority, uint32_t gang);

std::string create_reason();
std::string keep_reason();
std::string finished_reason();
std::string rename_reason(llvm::StringRef was);
/// What such an action is about goes on running as it is.
bool stays(llvm::StringRef verb);
/// \param changed  what changed_fields says; empty when what runs does not say what it was started
/// from.
std::string replace_reason(llvm::ArrayRef<std::string> changed);
/// \param gone  the node it ran on is not in the fleet; \param admitted  no rule removes that node
std::string move_reason(llvm::StringRef from_node, bool gone, bool admitted);
/// The same where the node is drained, and where somebody asked for it.
std::string drained_reason(const proto::Node &from);
std::string asked_reason(llvm::StringRef from_node);
/// "drained: its disk fails", "cordoned"
std::string closed(const proto::Cordon &cordon);
/// The workload is not in the intent / has fewer replicas / the whole stack goes.
enum class Unwanted { workload_gone, fewer_replicas, destroyed };
std::string delete_reason(Unwanted why, uint32_t replicas_now_wanted);

/// What differs between two specs, in the author's words and in the order of Spec's fields: "exec",
/// "env GREETING", "resources", "address of app/0".
std::vector<std::string> changed_fields(const proto::Spec &from, const proto::Spec &to);

std::string protect_reason();
/// Of what runs protected on a drained node.
std::string guarded_reason(const proto::Node &drained);
std::string still_protected(llvm::StringRef workload);
std::string unprotect_fix(llvm::StringRef workload, llvm::StringRef stack);

/// Expectation.detail of `survive`: the loss that takes most. \param kind  "node", "site"
std::string survives(llvm::StringRef kind, llvm::StringRef name, size_t lost);
/// "the same site", "5ms".
std::string within(const proto::Affinity &affinity);

/// Shortfall.reason where a node says nothing of GPUs.
std::string hands_out_no_devices();

std::string healthy_first();
std::string live();
std::string stop_first_port(uint32_t number);
std::string stop_first_volume(llvm::StringRef volume);
std::string stop_first_once();
std::string stop_first_room(llvm::StringRef node);
std::string stop_first_exclusive(llvm::StringRef node);

/// Action.forecast: what has to come back, or what would have to be said to predict it.
std::string restores(llvm::StringRef volume, uint64_t bytes, uint64_t bits_per_second);
std::string copies_memory(uint64_t bytes, uint64_t bits_per_second);
std::string bandwidth_unknown(llvm::StringRef from, llvm::StringRef to);
std::string pulls(llvm::StringRef image, uint64_t bytes, uint64_t bits_per_second);
/// "until gw2 wakes, up to 30s"
std::string wakes(llvm::StringRef node, uint64_t milliseconds);
std::string wake_unknown(llvm::StringRef node);
std::string image_size_unknown(llvm::StringRef workload);
std::string pull_unknown(llvm::StringRef node);
std::string restore_unknown(llvm::StringRef volume, llvm::StringRef attribute);

/// The named models: figure, name and source; `missing` is the caller's.
proto::Model cost_model();   ///< figure "eur_per_hour"
proto::Model power_model();  ///< figure "watts", name "linear-share"
proto::Model carbon_model(); ///< figure "gco2e_per_hour"
proto::Model availability_model();
proto::Model latency_model();      ///< of requests to a workload
proto::Model flow_latency_model(); ///< of the network between two workloads
proto::Model throughput_model();
proto::Model overcommit_model();
std::string bound_model();
std::string searched_bound_model();
/// Expectation.target and .detail of an objective's `overcommit`, in 1e-9.
std::string overcommit_target(uint64_t ppb);
/// \param node  the one with the highest bound; empty: none promises more than it has.
std::string overcommitted(llvm::StringRef node, uint64_t ppb);
/// Behind an objective: what preferences count in it.
std::string and_preferences();
/// Behind an objective: what nodes that could be suspended count in it.
std::string and_awake();
/// The same for `balance`, in 1e-9 EUR for a core and hour.
std::string and_balance(uint64_t neur);
/// The model of a figure where such nodes are in the sum.
proto::Model with_nodes_awake(proto::Model model);

/// Expectation.detail. `metric` as written ("latency.p99").
std::string detail_no_model(llvm::StringRef metric);
/// The interval that a model gives: "99.8%..99.95%".
std::string bounds(const proto::Value &low, const proto::Value &high);
/// Names of facts that models miss: "availability of node gw1".
std::string fact_of(llvm::StringRef fact, llvm::StringRef kind, llvm::StringRef name);
std::string latency_between(llvm::StringRef from_node, llvm::StringRef to_node);
std::string too_many_pairs(llvm::StringRef from, llvm::StringRef to);
std::string calls_in_circle(llvm::StringRef workload);
std::string beyond_numbers();
/// \param busy  share of the places for requests that are busy; nullopt: beyond all numbers
std::string overloaded(llvm::StringRef workload, const std::optional<Rational> &busy);
std::string detail_missing(llvm::StringRef fact);
/// "cost = 0.012EUR/h", one per part, joined by "; "
std::string detail_parts(llvm::ArrayRef<std::pair<std::string, std::string>> name_and_value);

} // namespace nemo::explain
