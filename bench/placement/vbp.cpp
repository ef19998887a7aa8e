// How many bins the engine needs for the public packings, beside the optimum and what heuristics
// that were published need.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "bench/placement/input/text.h"
#include "bench/placement/input/vbp.h"
#include "bench/placement/solved/solved.h"
#include "bench/support/bench.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

struct Asked {
  std::string file, seconds = "2";
  int seed = 1, per_class = 1'000'000;
};

/// Sums over instances whose optimum is known, or of which only what heuristics need is.
struct Class {
  int64_t instances = 0, bins = 0, optimum = 0, published = 0, bound = 0, proven = 0;
  double slowest = 0;

  void add(const Class &other) {
    instances += other.instances;
    bins += other.bins;
    optimum += other.optimum;
    published += other.published;
    bound += other.bound;
    proven += other.proven;
    slowest = std::max(slowest, other.slowest);
  }
  double over() const {
    return 100 * static_cast<double>(bins - optimum) / static_cast<double>(optimum);
  }
};

using Known = std::map<std::string, KnownPacking>;

llvm::Error read_known(Known &known, bool needed) {
  for (const char *set : {"Panigrahy", "Triplet"}) {
    const std::string path = data_file(fmt::format("vbp/{}_summary_known.csv", set));
    if (!needed && !std::filesystem::exists(path))
      continue;
    auto table = read_known_packings(path);
    if (!table)
      return table.takeError();
    for (KnownPacking &one : *table)
      known[one.instance] = std::move(one);
  }
  return llvm::Error::success();
}

llvm::Error read_instances(const Asked &asked, std::vector<Member> &out) {
  auto append = [&](const std::string &path) -> llvm::Error {
    auto members = read_members(path);
    if (!members)
      return members.takeError();
    std::move(members->begin(), members->end(), std::back_inserter(out));
    return llvm::Error::success();
  };
  if (asked.file.empty()) {
    if (auto error = append(data_file("vbp/Panigrahy_instances.tar.xz")))
      return error;
    return append(data_file("vbp/Triplet_instances.tar.xz"));
  }
  const std::string name = std::filesystem::path(asked.file).filename();
  if (name.find(".vbp") == std::string::npos)
    return append(asked.file);
  auto text = read_text(asked.file);
  if (!text)
    return text.takeError();
  out.push_back({name, std::move(*text)});
  return llvm::Error::success();
}

class Table {
public:
  Table(const Asked &asked, std::chrono::nanoseconds limit, const Known &known)
      : asked_(asked), limit_(limit), known_(known) {}

  llvm::Error pack(const Member &member) {
    std::string name = std::filesystem::path(member.name).filename();
    name = name.substr(0, name.find(".vbp"));
    const std::string class_name = name.substr(0, name.find('_'));
    if (taken_[name.substr(0, name.rfind('_'))]++ >= asked_.per_class)
      return llvm::Error::success();
    auto model = vbp_model(member.text, member.name);
    if (!model)
      return model.takeError();
    auto solved = solve_and_judge(*model, {limit_, static_cast<uint64_t>(asked_.seed), 1});
    if (!solved)
      return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                     name + ": " + llvm::toString(solved.takeError()));
    // What only a balance keeps within its capacity, the judge lets pass at a price.
    if (solved->judged.balance > 0)
      return llvm::createStringError(llvm::inconvertibleErrorCode(), name + ": a bin is too full");
    llvm::json::Object row{{"instance", name},       {"bins", solved->cost},
                           {"bound", solved->bound}, {"seconds", solved->seconds},
                           {"optimum", nullptr},     {"published", nullptr}};
    Class one;
    one.instances = 1;
    one.bins = solved->cost;
    one.bound = solved->bound;
    one.proven = solved->cost == solved->bound;
    one.slowest = solved->seconds;
    const auto known = known_.find(name);
    if (known != known_.end()) {
      one.published = known->second.best;
      row["published"] = known->second.best;
    }
    const bool has_optimum = known != known_.end() && known->second.optimum > 0;
    if (has_optimum) {
      one.optimum = known->second.optimum;
      row["optimum"] = known->second.optimum;
      if (solved->cost < known->second.optimum)
        return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                       name + ": fewer bins than its known optimum; one is wrong");
    }
    (has_optimum ? closed_ : open_)[class_name].add(one);
    rows_.push_back(std::move(row));
    return llvm::Error::success();
  }

  void report(Report &report) {
    Class panigrahy, triplet, all;
    for (const auto &[name, sums] : closed_) {
      figure(report, fmt::format("{}: bins of {}, optimum {}", name, sums.instances, sums.optimum),
             sums);
      report.add({fmt::format("{}: over the optimum", name), sums.over(), "%"});
      (name == "classC" || name == "classF" ? triplet : panigrahy).add(sums);
      all.add(sums);
    }
    for (const auto &[name, sums] : open_) {
      figure(report,
             fmt::format("{}: bins of {}, optimum not known, proven at least {}", name,
                         sums.instances, sums.bound),
             sums);
      all.add(sums);
    }
    total(report, "Panigrahy", panigrahy, 0.7);
    total(report, "Triplet", triplet, 1);
    report.add({"slowest instance, reading and bound included", all.slowest, "s"});
    report.add({"instances whose bins are proven the fewest", static_cast<double>(all.proven),
                fmt::format("of {}", all.instances)});
    report.data("instances", std::move(rows_));
  }

private:
  static void figure(Report &report, const std::string &what, const Class &sums) {
    Figure out{what, static_cast<double>(sums.bins), "bins"};
    if (sums.published > 0) {
      out.limit = static_cast<double>(sums.published);
      out.against = "best published heuristics";
    }
    report.add(std::move(out));
  }
  static void total(Report &report, const char *set, const Class &sums, double limit) {
    if (sums.instances == 0)
      return;
    figure(report, fmt::format("{}: bins of {}, optimum {}", set, sums.instances, sums.optimum),
           sums);
    report.add({fmt::format("{}: over the optimum", set), sums.over(), "%", limit});
  }

  const Asked &asked_;
  const std::chrono::nanoseconds limit_;
  const Known &known_;
  std::map<std::string, int> taken_;
  std::map<std::string, Class> closed_, open_;
  llvm::json::Array rows_;
};

llvm::Error measure(const Asked &asked, Report &report) {
  auto limit = seconds_of(asked.seconds);
  if (!limit)
    return limit.takeError();
  Known known;
  std::vector<Member> members;
  if (auto error = read_known(known, asked.file.empty()))
    return error;
  if (auto error = read_instances(asked, members))
    return error;
  Table table(asked, *limit, known);
  for (const Member &member : members) {
    if (interrupted())
      return interruption();
    if (auto error = table.pack(member))
      return error;
  }
  table.report(report);
  report.note(fmt::format("At most {} s each, one thread, seed {}; an instance ends when its bound "
                          "is reached. Every packing was judged from scratch.",
                          asked.seconds, asked.seed));
  return llvm::Error::success();
}

} // namespace

int main(int argc, char **argv) {
  Asked asked;
  Bench bench("vbp", "Vector bin packing: bins over the optimum, beside published heuristics.");
  bench.text("FILE", asked.file, "archive of instances, or one .vbp; without it: all public ones")
      .text("--time-limit", asked.seconds, "seconds for an instance (default: 2)")
      .number("--seed", asked.seed, "of the pseudo-random numbers")
      .number("--per-class", asked.per_class,
              "how many instances of each class, size and number of dimensions");
  return bench.run(argc, argv, [&](Report &report) { return measure(asked, report); });
}
