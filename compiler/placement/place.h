// Placement: replicas to nodes. The problem is plain integer tables, so that ten thousand workloads
// on a thousand nodes are a few passes over memory; what the tables mean is build's and assign's
// business.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/pipeline/stages.pb.h"
#include "compiler/placement/model/model.h"
#include "compiler/placement/watch.h"
#include "compiler/resolve/hours.h"
#include "compiler/resolve/node_bits.h"
#include "llvm/Support/Error.h"

namespace nemo::placement {

using compiler::NodeBits;

enum class NodeId : uint32_t {};
enum class ReplicaId : uint32_t {};
constexpr NodeId nowhere{UINT32_MAX};
constexpr size_t index(NodeId node) { return static_cast<size_t>(node); }
constexpr size_t index(ReplicaId replica) { return static_cast<size_t>(replica); }

/// Processor (millicores), memory and disk (bytes), GPU (thousandths), pids. Where demand differs
/// by hour, the first two are those of the first part of the day, and every other part adds its own
/// two behind them. Then come named devices, one for each name; where nodes are over-committed,
/// nothing differs by hour, and the last is the effective processor.
constexpr size_t resource_count = 5;
constexpr size_t named_device = resource_count; ///< what kind_of says of all of them
using Demand = std::vector<int64_t>;
/// Index into Problem::parts of processor or memory.
constexpr size_t part_of(size_t resource) {
  return resource < resource_count ? 0 : (resource - resource_count) / 2 + 1;
}
/// No room is larger, and a larger demand fits nowhere: sums of two stay inside 64 bits.
constexpr int64_t most_room = int64_t{1} << 61;

/// Devices of a node as bits, in the order in which it lists them. More than these it does not
/// have.
using DeviceBits = uint64_t;
constexpr size_t most_node_devices = 64;

enum class Spread : uint8_t { none, node, site, zone, region };
constexpr uint32_t unknown_domain = UINT32_MAX;

/// What may be lost, so that there has to be room for what it takes along; a site also node by
/// node.
enum class Survive : uint8_t { nothing, node, site };

/// One thing that restricts a workload, and can be left out to see whether it matters.
struct Clause {
  stages::Restriction restriction;
  uint32_t excluded = UINT32_MAX; ///< index into Problem::sets; none for what is not about nodes
};

/// What a workload asks for; its replicas follow each other.
struct Need {
  Demand demand = Demand(resource_count);
  std::optional<std::array<int64_t, 2>> mean; ///< cpu and memory that it pays for; else the demand
  optimiser::DeviceDemand devices;            ///< which the GPU of `demand` are
  Spread spread = Spread::none;
  uint32_t repeats = 0; ///< replicas that may be in a domain of `spread` where another one is
  std::vector<uint32_t> held_domains; ///< of replicas left as they are; where none may be repeated,
                                      ///< clauses rule them out instead
  std::vector<uint16_t> ports;        ///< fixed ones on the host's network
  bool exclusive = false;             ///< no other need has replicas on its nodes
  Survive survive = Survive::nothing;
  uint32_t cost_class = 0;
  uint32_t image = UINT32_MAX;     ///< index into Problem::holders: who comes first of equal nodes
  uint32_t first = 0, count = 0;   ///< its replicas
  uint32_t part_of = UINT32_MAX;   ///< bonds with that need are about this one too
  std::vector<Clause> clauses;     ///< what excludes nodes
  uint32_t far = UINT32_MAX;       ///< index into Problem::sets: nodes that its bonds rule out
  uint32_t no_device = UINT32_MAX; ///< index into Problem::sets: nodes without such devices
  stages::Restriction resources, spreading, port, alone, device, named_devices;
};

/// How many of the domains of `spread` its replicas are in at least; 0: it is not spread.
inline uint32_t least_domains(const Need &need) {
  const uint32_t all = need.count + static_cast<uint32_t>(need.held_domains.size());
  return need.spread == Spread::none || all < 2 ? 0 : all - std::min(need.repeats, all);
}

struct Replica {
  uint32_t need = 0;
  NodeId home = nowhere;           ///< where it runs now
  std::optional<Clause> pinned;    ///< its data is there: all other nodes are excluded
  DeviceBits home_devices = 0;     ///< that it holds there
  std::vector<Clause> barred = {}; ///< what else is about it and not about its siblings
};

/// Something tells it from its siblings.
inline bool of_its_own(const Replica &replica) {
  return replica.pinned.has_value() || !replica.barred.empty();
}

/// cost = cpu share x per_cpu + dominant share x per_share + flat, in 1e-9 of the objective per
/// hour, and what is not kept of preferences, in 1e-6 of it.
struct CostClass {
  std::vector<double> per_cpu, per_share;
  std::vector<double> flat; ///< of a replica, whatever it reserves; empty: nothing
  std::vector<char> known;
  std::vector<int64_t> wishes; ///< empty: none
};

/// Which nodes count as close to which: to[from] has those that are close to `from`.
struct Reach {
  std::vector<NodeBits> to;
};

/// Every replica of `need` (apart: none) is in the same domain as one of `to`, or on a node that is
/// close to one of its nodes. Nodes of unknown domain are excluded for both, as far as it matters.
struct Bond {
  uint32_t need = 0, to = 0;
  Spread within = Spread::node;
  uint32_t reach = UINT32_MAX; ///< index into Problem::reaches, instead of `within`
  bool apart = false;
  stages::Restriction restriction;
};

/// A replica that is left as it is and that bonds are about.
struct Bystander {
  uint32_t need = 0;
  NodeId node = nowhere;
};

struct Problem {
  size_t nodes = 0;
  /// By resource, what is free for this stack; -1: not known.
  std::vector<std::vector<int64_t>> room = std::vector<std::vector<int64_t>>(resource_count);
  std::vector<compiler::PartOfDay> parts = {{}};
  std::vector<std::string> device_names; ///< of named devices, in the order of their resources
  /// Where nodes are over-committed, the processor that is free: no replica's peak may be above it.
  /// What limits their sum is then either of the two rooms for processor; the other has no limit.
  std::vector<int64_t> peak_room;
  std::array<std::vector<int64_t>, 2> whole;      ///< cpu and memory of the whole node
  std::array<std::vector<uint32_t>, 5> domain;    ///< by Spread; [0] is not used
  std::vector<std::vector<uint16_t>> taken_ports; ///< by other stacks
  std::vector<optimiser::Device> devices;         ///< what is free of them; of a node in its order
  std::vector<uint32_t> first_device;             ///< by node, and one past the last
  std::vector<std::vector<bool>> device_sets;     ///< by device
  std::vector<NodeBits> sets;
  std::vector<NodeBits> holders; ///< of an image
  std::vector<Need> needs;
  std::vector<Replica> replicas;
  std::vector<Bond> bonds;
  std::vector<Reach> reaches;
  std::vector<Bystander> bystanders;
  std::vector<CostClass> costs;
  /// By node, of keeping it awake for whoever is there, as costs are; empty: nothing.
  std::vector<int64_t> awake;
  /// 1e-9 of the objective per hour for a millicore above `even`; 0: nothing is asked.
  int64_t even_price = 0;
  std::vector<int64_t> even;      ///< by node, what the stack may reserve there for that to be even
  std::vector<uint32_t> tie_rank; ///< order of nodes that cost the same
  std::vector<NodeId> known;      ///< a placement that fits, where one is known; else empty
};

/// The resource of the first of Problem::device_names.
inline size_t first_named(const Problem &problem) {
  return resource_count + 2 * (problem.parts.size() - 1);
}
/// Which of the first five a resource is of, or named_device.
inline size_t kind_of(const Problem &problem, size_t resource) {
  const size_t named = first_named(problem);
  return resource < resource_count                        ? resource
         : resource < named                               ? (resource - resource_count) % 2
         : resource < named + problem.device_names.size() ? named_device
                                                          : 0;
}
inline bool is_named(const Problem &problem, size_t resource) {
  return kind_of(problem, resource) == named_device;
}

/// Of processor, or of effective processor, where nodes are over-committed.
inline bool overcommits(const Problem &problem, size_t resource) {
  return !problem.peak_room.empty() && kind_of(problem, resource) == 0;
}

/// How long to search, in steps that do not depend on the machine.
struct Budget {
  uint64_t search_steps = 4'000'000;  ///< nodes looked at by the exact search, each time
  uint64_t narrow_steps = 40'000'000; ///< the same, for narrowing a conflict down; 0: nobody asks
  uint64_t relax_steps = 20'000'000;  ///< the same, for what would make a conflict fit
  uint64_t effort = default_effort;   ///< ticks of the optimiser for each replica and thread
  uint64_t bound_steps = 20'000'000;  ///< kinds of replicas and nodes looked at for the bound
  unsigned threads = 2;               ///< a part of the answer, so not what the machine has
  uint64_t seed = 1;
  Watch watch;
  /// Of what is left until the watch's limit, what one search may take: another may follow.
  double share = 1;
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
};

/// A replica leaves the node that it runs on for savings above this share of its cost there.
constexpr double hysteresis = 0.05;

/// Unknown costs rank after every known one.
constexpr int64_t unknown_cost = int64_t{1} << 60;
int64_t cost(const Problem &problem, const Need &need, size_t node);

/// Room that somebody would pay for. Prices are in 2^-price_bits of 1e-6 of the objective's unit
/// per hour, for a unit of the resource.
struct Scarce {
  uint32_t node = 0, resource = 0;
  int64_t price = 0; ///< positive, at most most_scarcity
};
constexpr int price_bits = 40;
constexpr int64_t most_scarcity = int64_t{1} << 46;

struct Assignment {
  std::vector<NodeId> node_of_replica;
  std::vector<DeviceBits> devices_of_replica; ///< empty: nobody asks for any
  std::vector<Scarce> scarce;                 ///< by node, then resource
  bool cut = false;                           ///< the clock or somebody ended the search
};

/// The nodes that somebody is on.
std::set<size_t> hosts(const Assignment &assignment);
/// What keeping these awake costs.
int64_t awake(const Problem &problem, const std::set<size_t> &nodes);
/// What a replica reserves of the processor on average, in millicores.
inline int64_t processor(const Need &need) { return need.mean ? (*need.mean)[0] : need.demand[0]; }
/// By node, of all replicas but `except`.
std::vector<int64_t> processor_on(const Problem &problem, const Assignment &assignment,
                                  size_t except = SIZE_MAX);
/// Millicores above the even shares of nodes.
int64_t uneven(const Problem &problem, const Assignment &assignment);

/// No assignment exists, and this was proved.
class Infeasible : public llvm::ErrorInfo<Infeasible> {
public:
  static char ID;
  struct Member {
    stages::Restriction restriction;
    uint32_t need = 0; ///< the (first) workload that it restricts
    NodeBits excluded; ///< nodes that it takes
  };
  Infeasible(std::vector<Member> members, std::vector<uint32_t> needs, bool irreducible)
      : members(std::move(members)), needs(std::move(needs)), irreducible(irreducible) {}
  void log(llvm::raw_ostream &out) const override { out << "no placement exists"; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

  std::vector<Member> members;
  std::vector<uint32_t> needs; ///< the workloads that cannot be placed together
  bool irreducible;            ///< leaving out any one member was proved to leave a placement
};

/// The effort ran out before either a placement or a proof was found.
class NotFound : public llvm::ErrorInfo<NotFound> {
public:
  static char ID;
  explicit NotFound(ReplicaId stuck) : stuck(stuck) {}
  explicit NotFound(const Bond &bond) : bond(bond) {}
  void log(llvm::raw_ostream &out) const override { out << "no placement found"; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }
  ReplicaId stuck{};        ///< the first replica that found no room; or:
  std::optional<Bond> bond; ///< one that no placement was found to keep
};

/// Assigns every replica to a node so that no hard rule is broken and the cost is as low as
/// `budget` allows: greedy by difficulty from what runs now, then the optimiser; where greedy finds
/// no room, an exact search, and where that is undecided, ejection.
///
/// \returns an assignment, or Infeasible with a proven irreducible set of restrictions that cannot
///          hold together, or NotFound when the effort ran out first: the two are never mixed up.
llvm::Expected<Assignment> place(const Problem &problem, const Budget &budget);

/// `problem.known` with the prices that prove its bound; NotFound where it does not fit.
llvm::Expected<Assignment> as_known(const Problem &problem, const Budget &budget);

} // namespace nemo::placement
