#include "bench/validate/intent_text.h"

#include <random>

#include <fmt/format.h>

namespace nemo::bench {

namespace {

class Writer {
public:
  explicit Writer(uint32_t seed) : random_(seed) {}

  std::string all(size_t bytes) {
    text_.reserve(bytes + (64u << 10));
    head();
    for (int group = 0; text_.size() < bytes; ++group)
      shop(group);
    return std::move(text_);
  }

private:
  template <typename... Args> void put(fmt::format_string<Args...> format, Args &&...args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  int upto(int most) { return static_cast<int>(random_() % static_cast<uint32_t>(most + 1)); }
  const char *one_of(std::initializer_list<const char *> words) {
    return words.begin()[upto(static_cast<int>(words.size()) - 1)];
  }

  void head() {
    put("# Shops of one chain, each with a page, an application and a store.\n"
        "nemo  = 1\n"
        "stack = \"chain\"\n"
        "home  = [\"GR\", \"FR\", \"DE\"]  # where personal data may live\n"
        "least = 2 * 256MiB\n\n"
        "template cache {{\n"
        "  param size {{ type = data; default = 64MiB }}\n"
        "  workload {{\n"
        "    exec      = [\"/usr/bin/redis-server\", \"--save\", \"\"]\n"
        "    resources {{ cpu = 0.2core; memory = size }}\n"
        "    ports     {{ redis = auto }}\n"
        "  }}\n"
        "}}\n\n"
        "secret card {{ file = \"/etc/chain/card\" }}\n\n");
    for (int i = 0; i < tenants; ++i)
      put("tenant brand-{} {{\n"
          "  quota  {{ cpu = {}core; memory = {}GiB; cost = {}EUR/d }}\n"
          "  tariff {{ cpu = 0.012EUR/core/h; egress = 0.02EUR/GiB }}\n"
          "}}\n\n",
          i, 64 + upto(512), 128 + upto(1024), 20 + upto(80));
    for (int i = 0; i < selects; ++i)
      put("select cell-{} {{\n"
          "  require node.class == {} and node.site.country in home\n"
          "  require node.labels.cell == {}\n"
          "}}\n\n",
          i, one_of({"edge", "fog", "cloud"}), i);
  }

  /// One group: workloads that know each other, and what is said about them.
  void shop(int group) {
    page(group);
    application(group);
    store(group);
    if (upto(3) == 0)
      put("use cache cache-{} {{ size = {}MiB }}\n\n", group, 32 << upto(4));
    if (upto(2) == 0)
      put("flow sales-{0} {{\n"
          "  from      = app-{0}.http\n"
          "  to        = store-{0}.sql\n"
          "  bandwidth = {1}Mbit/s\n"
          "  cipher    = aes-256-gcm\n"
          "  require latency.p99 <= {2}ms\n"
          "}}\n\n",
          group, 1 + upto(20), 1 + upto(9));
    if (upto(9) == 0)
      put("policy residency-{0} {{\n"
          "  # Visitors are people.\n"
          "  deny workload.data.class == personal and node.site.country not in home\n"
          "  require node.trust >= {1} where workload.name == \"store-{0}\" else \"shop {0}: "
          "trusted nodes only\"\n"
          "}}\n\n",
          group, 1 + upto(2));
  }

  void page(int group) {
    put("# Shop {0}: the page that customers see.\n"
        "workload page-{0} {{\n"
        "  exec     = [\"/usr/sbin/nginx\", \"-c\", \"/etc/shop/{0}.conf\"]\n"
        "  tenant   = brand-{1}\n"
        "  after    = [app-{0}]\n"
        "  replicas = {2}..{3}\n"
        "  on       = [cell-{4}, cell-{5}]\n"
        "  resources {{ cpu = {6}mcore; memory = {7}MiB }}\n"
        "  ports {{ http = auto; admin = {8} }}\n"
        "  health {{ http = \"/healthz\"; every = {9}s; timeout = 500ms }}\n"
        "  slo {{\n"
        "    require latency.p99 <= {10}ms over 5min\n"
        "    prefer availability >= 99.95% over 30d weight 2\n"
        "  }}\n",
        group, upto(tenants - 1), 1 + upto(1), 2 + upto(6), upto(selects - 1), upto(selects - 1),
        100 + upto(900), 32 << upto(4), 9000 + upto(999), 1 + upto(9), 10 + upto(90));
    if (upto(1))
      put("  place {{ spread = {} }}\n", one_of({"node", "site", "zone"}));
    if (upto(2) == 0)
      put("  migrate {{\n"
          "    when grid.carbon > {}gCO2e/kWh for 10min\n"
          "    downtime = 0ms..50ms\n"
          "    cooldown = 10min\n"
          "  }}\n",
          200 + 50 * upto(6));
    if (upto(2) == 0)
      put("  rollout calm {{\n"
          "    strategy = canary\n"
          "    steps    = [5%, 25%, 100%]\n"
          "    pause    = {}min\n"
          "    require error.rate < 0.1% over 10min else rollback\n"
          "  }}\n",
          5 + upto(25));
    put("}}\n\n");
  }

  void application(int group) {
    put("workload app-{0} {{\n"
        "  exec     = [\"/usr/bin/python3\", \"/srv/app.py\", \"--shop\", \"{0}\"]\n"
        "  tenant   = brand-{1}\n"
        "  after    = [store-{0}]\n"
        "  replicas = {2}\n"
        "  secrets  = [card]\n"
        "  resources {{ cpu = {3}.5core; memory = {4}; pids = 64 }}\n"
        "  ports {{ http = auto }}\n"
        "  env {{\n"
        "    GREETING  = \"Welcome to shop {0}\"\n"
        "    LOG_LEVEL = \"{5}\"\n"
        "    WINDOW    = {6}ms\n"
        "  }}\n"
        "  labels {{ tier = \"{7}\"; team = \"checkout\" }}\n"
        "  health {{ http = \"/healthz\"; every = 2s; grace = 10s }}\n"
        "  require node.memory >= {8}GiB and node.site.country in home\n"
        "  deny (node.class == device or node.trust < 2) and not node.tpm\n"
        "  require latency.p99 <= {9}ms over 5min  # the page adds its own\n",
        group, upto(tenants - 1), 1 + upto(4), upto(3), upto(1) ? "least" : "256MiB",
        one_of({"info", "debug", "warning"}), 10 * (1 + upto(9)),
        one_of({"gold", "silver", "plain"}), 1 << upto(5), 5 + upto(40));
    if (upto(1))
      put("  restart {{ policy = on-failure; backoff = {}s }}\n", 1 + upto(4));
    if (upto(1))
      put("  stop    {{ grace = {}s; signal = QUIT }}\n", 5 + upto(20));
    put("}}\n\n");
  }

  void store(int group) {
    put("# What shop {0} must not lose.\n"
        "workload store-{0} {{\n"
        "  exec     = [\"/usr/bin/postgres\", \"-D\", \"/data\", \"-p\", \"{1}\"]\n"
        "  protect  = true\n"
        "  network  = own\n"
        "  on       = cell-{2}\n"
        "  resources {{ cpu = {3}core; memory = {4}GiB; disk = {5}GiB }}\n"
        "  ports {{ sql = {1} }}\n"
        "  data {{\n"
        "    class    = personal\n"
        "    subjects = [\"customers\", \"staff\"]\n"
        "    location = site\n"
        "  }}\n"
        "  mount {{\n"
        "    volume = \"sales\"\n"
        "    target = \"/data\"\n"
        "    size   = {5}GiB\n"
        "  }}\n"
        "  health {{ tcp = sql; every = 5s; failures = 2 }}\n"
        "  prefer node.site.carbon <= {6}gCO2e/kWh weight {7}\n"
        "  prefer node.price * 24h + {8}EUR <= 10EUR weight 1\n"
        "}}\n\n",
        group, 5432 + upto(99), upto(selects - 1), 1 + upto(3), 1 << upto(4), 8 << upto(4),
        50 + 10 * upto(30), 1 + upto(4), upto(5));
  }

  static constexpr int tenants = 24, selects = 12;
  std::mt19937 random_;
  std::string text_;
};

} // namespace

std::string intent_text(size_t bytes, uint32_t seed) { return Writer(seed).all(bytes); }

} // namespace nemo::bench
