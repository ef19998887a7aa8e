// Pods that arrive one at a time on Alibaba's GPU cluster: how much GPU is allocated in the end,
// beside fragmentation gradient descent as published and as run here on the same arrivals.
#include <cmath>

#include <fmt/format.h>

#include "bench/placement/input/text.h"
#include "bench/placement/openb/offline.h"
#include "bench/placement/openb/published.h"
#include "bench/placement/peers/fgd/fgd.h"
#include "bench/support/bench.h"
#include "compiler/placement/online/online.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

constexpr int arriving = 130;
constexpr int shown[] = {50, 80, 90, 95, 100, 110, 120, 130};
/// Of requested GPU, in %: where what is published has to be reached.
constexpr int decisive[] = {100, 110, 120, 130};
/// The published runs' seeds begin there.
constexpr uint64_t first_seed = 42;

struct Asked {
  std::string nodes = data_file("gpu_openb/openb_node_list_gpu_node.csv"),
              pods = data_file("gpu_openb/openb_pod_list_default.csv.gz");
  int seeds = 10;
  bool offline = false;
};

/// Outcomes of one policy, one for each seed.
class Row {
public:
  void add(const Outcome &outcome) {
    curves_.push_back(outcome.curve);
    seconds_ += outcome.seconds;
    decisions_ += outcome.decisions;
  }
  double mean(int percent) const {
    double sum = 0;
    for (const Curve &curve : curves_)
      sum += at(curve, percent);
    return sum / static_cast<double>(curves_.size());
  }
  double deviation(int percent) const {
    double sum = 0;
    for (const Curve &curve : curves_)
      sum += std::pow(at(curve, percent) - mean(percent), 2);
    return curves_.size() < 2 ? 0 : std::sqrt(sum / static_cast<double>(curves_.size() - 1));
  }
  double decisions_per_second() const { return static_cast<double>(decisions_) / seconds_; }
  bool empty() const { return curves_.empty(); }

  llvm::json::Object json() const {
    llvm::json::Object mean_of, deviation_of, runs_of;
    for (int percent : shown) {
      if (empty() || curves_.front().count(percent) == 0)
        continue;
      const std::string key = std::to_string(percent);
      mean_of[key] = mean(percent);
      deviation_of[key] = deviation(percent);
      llvm::json::Array runs;
      for (const Curve &curve : curves_)
        runs.push_back(at(curve, percent));
      runs_of[key] = std::move(runs);
    }
    return llvm::json::Object{{"mean", std::move(mean_of)},
                              {"sd", std::move(deviation_of)},
                              {"runs", std::move(runs_of)}};
  }

private:
  static double at(const Curve &curve, int percent) {
    const auto found = curve.find(percent);
    return found == curve.end() ? 0 : found->second;
  }
  std::vector<Curve> curves_;
  double seconds_ = 0;
  size_t decisions_ = 0;
};

struct Rows {
  Row ours, fgd, offline;
  Curve published;
};

llvm::Expected<Curve> offline(const Openb &data, uint64_t seed) {
  Curve out;
  const auto capacity = static_cast<double>(gpu_capacity(data.model));
  std::vector<uint32_t> stream = arrivals(data, arriving, seed);
  for (int percent : {arriving, 100}) {
    int64_t asked = 0;
    size_t count = 0;
    while (count < stream.size() &&
           100 * static_cast<double>(asked + requested(data.model.shapes[stream[count]])) <=
               percent * capacity)
      asked += requested(data.model.shapes[stream[count++]]);
    stream.resize(count);
    const optimiser::Model model = with_arrivals(data.model, stream);
    auto given = allocated(model, place_offline(model));
    if (!given)
      return given.takeError();
    out[percent] = 100 * static_cast<double>(*given) / capacity;
  }
  return out;
}

llvm::Error run_seed(const Openb &data, const Asked &asked, uint64_t seed, Rows &rows) {
  std::vector<double> share(data.model.shapes.size());
  for (uint32_t shape : data.pods)
    ++share[shape];
  const std::vector<uint32_t> stream = arrivals(data, arriving, seed);
  auto add = [&](auto &policy, Row &row) -> llvm::Error {
    auto outcome = replay(
        data.model, stream, [&](uint32_t shape) { return policy.choose(shape); },
        [&](uint32_t shape, const optimiser::Choice &choice) { policy.take(shape, choice); });
    if (!outcome)
      return outcome.takeError();
    row.add(*outcome);
    return llvm::Error::success();
  };
  optimiser::Online online(data.model, share);
  if (auto error = add(online, rows.ours))
    return error;
  Fgd fgd(data, seed);
  if (auto error = add(fgd, rows.fgd))
    return error;
  if (!asked.offline)
    return llvm::Error::success();
  auto known = offline(data, seed);
  if (!known)
    return known.takeError();
  rows.offline.add({*known, 0, 0});
  return llvm::Error::success();
}

std::string line(const char *what, llvm::function_ref<std::optional<double>(int)> value) {
  std::string out = fmt::format("  {:<30}", what);
  for (int percent : shown)
    out += value(percent) ? fmt::format("{:>9.3f}", *value(percent)) : fmt::format("{:>9}", "");
  return out + "\n";
}

std::string table(const Rows &rows) {
  const Curve &paper = rows.published;
  auto known = [&](int percent) { return paper.count(percent) > 0; };
  std::string out = fmt::format("  {:<30}", "GPU requested so far, %");
  for (int percent : shown)
    out += fmt::format("{:>9}", percent);
  out += "\n" + line("allocated, %", [&](int x) { return rows.ours.mean(x); });
  out += line("  sd", [&](int x) { return rows.ours.deviation(x); });
  out += line("FGD, the same arrivals", [&](int x) { return rows.fgd.mean(x); });
  out += line("  sd", [&](int x) { return rows.fgd.deviation(x); });
  out += line("FGD, published",
              [&](int x) { return known(x) ? std::optional(paper.at(x)) : std::nullopt; });
  out += line("ratio to FGD, same arrivals",
              [&](int x) { return rows.ours.mean(x) / rows.fgd.mean(x); });
  out += line("ratio to FGD, published", [&](int x) {
    return known(x) ? std::optional(rows.ours.mean(x) / paper.at(x)) : std::nullopt;
  });
  if (!rows.offline.empty())
    out += line("known in advance", [&](int x) {
      return x == 100 || x == arriving ? std::optional(rows.offline.mean(x)) : std::nullopt;
    });
  out.pop_back();
  return out;
}

void describe(const Rows &rows, Report &report) {
  for (int percent : decisive) {
    Figure figure{fmt::format("GPU allocated when {} % has been requested", percent),
                  rows.ours.mean(percent), "%"};
    if (const auto found = rows.published.find(percent); found != rows.published.end()) {
      figure.limit = found->second;
      figure.at_least = true;
      figure.against = "FGD, published";
    }
    report.add(figure);
  }
  report.add({"decisions, each second of one core", rows.ours.decisions_per_second(), "/s"});
  report.note(table(rows));
  report.note(
      "Every final state was accepted, and its allocated GPU counted, by the model's own "
      "checker.\nAt the lower requests nearly every pod is placed, and what differs from the "
      "published figures is the arrivals drawn.");
  if (rows.published.empty())
    report.note("There is no fgd_peer_results.csv with this list beside the nodes: nothing to be "
                "held to.");
  if (!rows.offline.empty())
    report.note("Known in advance: the same pods up to that request, any of which may be left out; "
                "a heuristic.");
  auto ours = rows.ours.json();
  report.data("allocated_gpu_pct", llvm::json::Value(std::move(*ours.getObject("mean"))));
  report.data("allocated_gpu_pct_sd", llvm::json::Value(std::move(*ours.getObject("sd"))));
  report.data("allocated_gpu_pct_runs", llvm::json::Value(std::move(*ours.getObject("runs"))));
  report.data("fgd", rows.fgd.json());
  llvm::json::Object paper;
  for (const auto &[percent, value] : rows.published)
    paper[std::to_string(percent)] = value;
  report.data("fgd_published", std::move(paper));
  if (!rows.offline.empty())
    report.data("offline", rows.offline.json());
}

llvm::Error measure(const Asked &asked, Report &report) {
  auto data = read_openb(asked.nodes, asked.pods);
  if (!data)
    return data.takeError();
  Rows rows;
  if (auto paper = published(asked.nodes, asked.pods, "06-FGD"))
    rows.published = std::move(*paper);
  else
    llvm::consumeError(paper.takeError());
  for (int seed = 0; seed < asked.seeds; ++seed) {
    if (interrupted())
      return interruption();
    if (auto error = run_seed(*data, asked, first_seed + static_cast<uint64_t>(seed), rows))
      return error;
  }
  describe(rows, report);
  return llvm::Error::success();
}

} // namespace

int main(int argc, char **argv) {
  Asked asked;
  Bench bench("openb", "GPU allocated to pods that arrive one at a time, with no look-ahead");
  bench
      .text("NODES", asked.nodes,
            "The cluster (default: the one of the data sets, of $NEMO_SHARED)")
      .text("PODS", asked.pods,
            "The list to draw from, also packed (default: openb_pod_list_default.csv.gz)")
      .number("--seeds", asked.seeds, "Runs, each with arrivals of its own")
      .yes("--offline", asked.offline, "Also place the same pods when all are known in advance");
  return bench.run(argc, argv, [&](Report &report) { return measure(asked, report); });
}
