#include "generator.h"

#include <random>

#include <fmt/format.h>

namespace {

class Writer {
public:
  explicit Writer(uint32_t seed) : random_(seed) {}

  std::string all() {
    const int selects = 1 + upto(3), workloads = 1 + upto(5);
    line("nemo = 1");
    line("places = [\"GR\", \"FR\"]");
    line("least = {}core", 1 + upto(3));
    for (int i = 0; i < selects; ++i)
      line("select s{} {{ require {} }}", i, condition(3));
    line("tenant t {{ quota {{ cpu = {}core }} }}", 1 + upto(64));
    for (int i = 0; i < workloads; ++i)
      workload(i, selects);
    line("policy p {{");
    for (int i = upto(3); i >= 0; --i)
      line("{} {}{}", upto(1) ? "deny" : "require", condition(4),
           upto(1) ? fmt::format(" else \"rule  {} # {}\"", i, i) : "");
    line("}}");
    line("objective o {{ minimize energy * 0.{}EUR/kWh + carbon * {}EUR/tCO2e }}", 1 + upto(8),
         1 + upto(99));
    return std::move(text_);
  }

private:
  template <typename... Args> void line(fmt::format_string<Args...> format, Args &&...args) {
    text_ += std::string(upto(6), ' ');
    text_ += fmt::format(format, std::forward<Args>(args)...);
    if (upto(3) == 0)
      text_ += std::string(1 + upto(2), ' ') + "# a word on this";
    text_ += upto(4) == 0 ? "\n\n\n" : "\n";
    if (upto(5) == 0)
      text_ += "#and on the next\n";
  }

  int upto(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }

  std::string condition(int depth) {
    const std::string gap = upto(1) ? " " : "   ";
    switch (depth == 0 ? upto(5) : upto(8)) {
    case 0:
      return "node.tpm";
    case 1:
      return fmt::format("node.class{}=={}edge", gap, gap);
    case 2:
      return fmt::format("node.cpu >= {}", upto(1) ? "least" : "2 * 500mcore");
    case 3:
      return "node.site.country not in places";
    case 4:
      return fmt::format("node.labels.\"a/b\" {} {}", upto(1) ? "!=" : "==", upto(9));
    case 5:
      return fmt::format("node.trust in {}..{}", upto(3), 3 + upto(3));
    case 6:
      return "not (" + condition(depth - 1) + ")";
    case 7:
      return "(" + condition(depth - 1) + gap + "or\n  " + condition(depth - 1) + ")";
    default:
      return condition(depth - 1) + gap + "and " + condition(depth - 1);
    }
  }

  void workload(int index, int selects) {
    line("workload w{} {{", index);
    line("exec = [\"/bin/w\", \"-n\",\n   {}]", upto(100));
    if (upto(1))
      line("replicas = {}", upto(1) ? "2" : "1 .. 4");
    if (index > 0 && upto(1))
      line("after = [w{}]", upto(index - 1));
    if (upto(1))
      line("tenant = t; on = s{}", upto(selects - 1));
    line("resources {{ memory = {}MiB ; cpu = {}mcore }}", 1 + upto(512), 1 + upto(4000));
    line("ports {{ http = {}; admin = {} }}", upto(1) ? "auto" : "8080", 9000 + index);
    if (upto(1))
      line("health {{ http = \"/\"; every = {}s }}", 1 + upto(9));
    if (upto(1))
      line("env {{ A = \"x # y\"; B = {}ms }}", upto(100));
    if (upto(1))
      line("require latency.p99 <= {}ms over 5min", 1 + upto(100));
    if (upto(1))
      line("prefer {} weight {}", condition(2), 1 + upto(4));
    line("}}");
  }

  std::mt19937 random_;
  std::string text_;
};

} // namespace

std::string random_intent(uint32_t seed) { return Writer(seed).all(); }
