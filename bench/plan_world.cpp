// Every fifth workload begins an application whose parts start after each other. Demands, data
// classes, tenants, spreads, selections and fixed ports vary, so that hardly a rule concerns
// everybody and no two neighbours are alike; the fleet mixes many small edge nodes with few large
// ones, and is about half full in the end.
#include "plan_world.h"

#include <random>
#include <set>

#include <fmt/format.h>

namespace nemo::bench {

namespace {

class Maker {
public:
  Maker(unsigned workloads, unsigned nodes, uint32_t seed)
      : workloads_(workloads), nodes_(nodes), random_(seed) {}

  PlanWorld run() {
    fleet();
    rules();
    for (unsigned app = 0; app * 5 < workloads_; ++app)
      application(app);
    world_.shapes = shapes_.size();
    return std::move(world_);
  }

private:
  // Not a distribution of the library's, whose results differ between implementations.
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  bool chance(unsigned percent) { return below(100) < percent; }

  void fleet() {
    struct Country {
      const char *code, *region;
    };
    constexpr Country countries[] = {
        {"GR", "south"}, {"IT", "south"}, {"ES", "south"}, {"FR", "west"},  {"NL", "west"},
        {"DE", "west"},  {"PL", "east"},  {"RO", "east"},  {"SE", "north"}, {"US", "overseas"}};
    const unsigned sites = std::max(10u, nodes_ / 20);
    std::string &text = world_.fleet;
    text = "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites:\n";
    for (unsigned s = 0; s < sites; ++s) {
      const Country &country = countries[s % std::size(countries)];
      text += fmt::format("  s{}: {{country: {}, zone: {}-{}, region: {}, carbon: {}gCO2e/kWh, "
                          "price: 0.{}EUR/kWh}}\n",
                          s, country.code, country.code, s / std::size(countries) % 3,
                          country.region, 20 + below(600), 10 + below(30));
    }
    text += "nodes:\n";
    for (unsigned n = 0; n < nodes_; ++n) {
      const bool cloud = n % 5 == 0;
      text += fmt::format(
          "  - {{name: n{}, site: s{}, class: {}, arch: {}, resources: {{cpu: {}core, memory: "
          "{}GiB}}, power: {{idle: {}W, max: {}W}}, price: 0.{:03}EUR/h, sandboxes: [process, "
          "container], tpm: {}, trust: {}, labels: {{rack: r{}}}}}\n",
          n, n % sites, cloud ? "cloud" : "edge", cloud || chance(50) ? "x86_64" : "arm64",
          cloud ? 64 : 8 + 4 * below(3), cloud ? 256 : 16 + 16 * below(2),
          cloud ? 90 + below(20) : 3 + below(8), cloud ? 380 + below(60) : 25 + below(40),
          cloud ? 400 + below(600) : 10 + below(90), chance(60) ? "true" : "false", 1 + below(3),
          n % 40);
    }
  }

  void rules() {
    std::string text = "nemo  = 1\nstack = \"continuum\"\n\n"
                       "select edges { require node.class == edge }\n"
                       "select clouds { require node.class == cloud }\n"
                       "select trusted { require node.trust >= 2 and node.tpm }\n\n";
    for (unsigned t = 0; t < 20; ++t)
      text += fmt::format("tenant t{} {{ labels {{ tier = \"{}\" }} }}\n", t,
                          t % 3 ? "standard" : "gold");
    text += R"(
policy residency {
  deny workload.data.class == personal and node.site.region == "overseas" else "personal data stays in Europe"
  require node.trust >= 2 where workload.data.class == personal
}
policy tenants {
  deny tenant.labels.tier == "gold" and node.site.carbon > 500gCO2e/kWh
  require node.site.country in ["GR", "IT", "ES", "FR"] where tenant.name == "t7"
}
policy machines {
  require node.arch == x86_64 where workload.labels.binary == "x86"
}

objective frugal {
  minimize cost + carbon * 80EUR/tCO2e
  prefer energy <= 20kW
}
)";
    world_.intent.push_back({"rules.nemo", std::move(text)});
  }

  void application(unsigned app) {
    if (app % 200 == 0)
      world_.intent.push_back({fmt::format("apps-{:03}.nemo", app / 200), "nemo = 1\n"});
    const unsigned tenant = below(20);
    constexpr const char *parts[] = {"gateway", "api", "store", "cache", "worker"};
    for (unsigned part = 0; part < 5 && app * 5 + part < workloads_; ++part)
      workload(parts[part], part, app, tenant);
  }

  void workload(const char *part, unsigned number, unsigned app, unsigned tenant) {
    std::string &text = world_.intent.back().text;
    // What placement sees of a workload; names and commands make no difference to it.
    std::string shape = tenant == 7 ? "t7" : tenant % 3 ? "standard" : "gold";
    auto say = [&](const std::string &line) {
      text += "  " + line + "\n";
      shape += line;
    };
    text += fmt::format("\nworkload {}-{} {{\n  exec = [\"/usr/bin/{}\", \"--app\", \"{}\"]\n",
                        part, app, part, app);
    text += fmt::format("  tenant = t{}\n", tenant);
    if (number < 3 && app * 5 + number + 1 < workloads_)
      text += fmt::format("  after = [{}-{}]\n",
                          number == 0   ? "api"
                          : number == 1 ? "store"
                                        : "cache",
                          app);
    const unsigned replicas = number < 2 && chance(30) ? 2 + below(2) : 1;
    world_.replicas += replicas;
    if (replicas > 1)
      say(fmt::format("replicas = {}", replicas));
    constexpr const char *sizes[] = {"0.05core; memory = 32MiB", "0.1core; memory = 64MiB",
                                     "0.1core; memory = 256MiB", "0.25core; memory = 128MiB",
                                     "0.5core; memory = 512MiB", "0.5core; memory = 1GiB",
                                     "1core; memory = 1GiB",     "1.5core; memory = 2GiB"};
    say(fmt::format("resources {{ cpu = {} }}", sizes[below(std::size(sizes))]));
    if (number == 0 && chance(30))
      say(fmt::format("ports {{ http = {} }}", 8000 + below(8)));
    else
      say("ports { http = auto }");
    // Said of everybody: a rule about what is not known holds for all.
    say(fmt::format("data {{ class = {} }}", number == 2 && chance(70) ? "personal" : "internal"));
    say(fmt::format("labels {{ binary = \"{}\" }}", chance(25) ? "x86" : "any"));
    if (number == 2)
      text += "  mount { volume = \"data\"; target = \"/data\" }\n";
    if (replicas > 1)
      say(chance(50) ? "place { spread = site }" : "place { spread = node; on = [edges] }");
    else if (chance(20))
      say(chance(50) ? "place { on = [clouds, trusted] }" : "place { require node.trust >= 2 }");
    text += "  health { tcp = http; every = 2s; timeout = 500ms }\n";
    text += fmt::format("  env {{ APP = \"{}\"; LEVEL = \"info\" }}\n}}\n", app);
    shapes_.insert(shape);
  }

  unsigned workloads_, nodes_;
  std::mt19937 random_;
  PlanWorld world_;
  std::set<std::string> shapes_;
};

} // namespace

PlanWorld make_plan_world(unsigned workloads, unsigned nodes, uint32_t seed) {
  return Maker(workloads, nodes, seed).run();
}

} // namespace nemo::bench
