// The graphs as they are published, and what they leave out: requests of the services of
// DeathStarBench are defaults, and calls that its graphs do not list follow from the names.
#include <algorithm>
#include <map>
#include <set>

#include "bench/placement/continuum/applications.h"
#include "bench/placement/input/text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"

namespace nemo::bench::continuum {

namespace {

llvm::Error wrong(const std::string &what) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), what);
}

// Not on the path of a request: the load itself, discovery, names, traces.
bool off_the_path(llvm::StringRef service) {
  return service == "loadgenerator" || service == "consul" || service == "dns-media" ||
         service.startswith("jaeger");
}

// What a graph does not say: a database asks for more, and there is one of it.
Service by_default(const std::string &name) {
  if (llvm::StringRef(name).contains("mongo"))
    return {name, 0.3, 512, 1};
  if (is_store({name}))
    return {name, 0.1, 256, 1};
  return {name, 0.2, 128, 2};
}

std::string text_of(const llvm::json::Object &object, const char *key) {
  const auto text = object.getString(key);
  return text ? text->str() : std::string();
}

// "200m" of a core, "64Mi"; what is neither is an error of the file.
llvm::Expected<double> quantity(const llvm::json::Object *of, const char *key, char unit) {
  const std::string whole = of ? text_of(*of, key) : "";
  llvm::StringRef text = whole;
  double value = 0;
  const bool known = unit == 'm' ? text.consume_back("m") : text.consume_back("Mi");
  if (!known || !llvm::to_float(text.str(), value) || !(value > 0 && value < 1e6))
    return wrong("a request of " + std::string(key) + " is not understood: '" + whole + "'");
  return value;
}

llvm::Error read_services(const llvm::json::Array &services, Graph &graph) {
  for (const auto &value : services) {
    if (const auto name = value.getAsString()) {
      graph.services.push_back(by_default(name->str()));
      continue;
    }
    const auto *object = value.getAsObject();
    if (!object)
      return wrong("a service is neither a name nor an object");
    Service service = by_default(text_of(*object, "service"));
    auto cpu = quantity(object->getObject("requests"), "cpu", 'm');
    auto memory = quantity(object->getObject("requests"), "memory", 'i');
    if (!cpu || !memory)
      return llvm::joinErrors(cpu.takeError(), memory.takeError());
    service.cores = *cpu / 1000;
    service.memory_mib = *memory;
    graph.services.push_back(std::move(service));
  }
  return llvm::Error::success();
}

using Named = std::vector<std::pair<std::string, std::string>>;

llvm::Expected<Named> read_calls(const llvm::json::Array *calls) {
  Named out;
  for (const auto &value : calls ? *calls : llvm::json::Array()) {
    const auto *object = value.getAsObject();
    if (!object)
      return wrong("a call is no object");
    out.emplace_back(text_of(*object, "src"), text_of(*object, "dst"));
  }
  return out;
}

// A store that nobody calls belongs to the service whose name it begins with; any other service
// that nobody calls is called by the frontend.
void complete(const std::vector<Service> &services, const std::string &frontend, Named &calls) {
  std::set<std::string> called{frontend};
  for (const auto &[from, to] : calls)
    called.insert(to);
  for (const Service &service : services) {
    if (called.count(service.name) || off_the_path(service.name))
      continue;
    std::string caller = frontend;
    if (is_store(service)) {
      const std::string owner = llvm::StringRef(service.name).rsplit('-').first.str() + "-service";
      if (std::any_of(services.begin(), services.end(),
                      [&](const Service &other) { return other.name == owner; }))
        caller = owner;
    }
    calls.emplace_back(caller, service.name);
  }
}

llvm::Expected<Graph> read_graph(const char *file, const std::string &frontend) {
  auto text = read_text(data_file(file));
  if (!text)
    return text.takeError();
  auto json = llvm::json::parse(*text);
  if (!json)
    return json.takeError();
  const auto *top = json->getAsObject();
  if (!top)
    return wrong("is no object");
  Graph graph;
  graph.name = text_of(*top, "name");
  const auto *edges = top->getArray("edges");
  auto calls = read_calls(edges ? edges : top->getArray("depends"));
  if (!calls)
    return calls.takeError();
  if (const auto *services = top->getArray("services")) {
    if (auto error = read_services(*services, graph))
      return std::move(error);
    complete(graph.services, frontend, *calls);
  } else { // traced: those that took part
    std::set<std::string> names;
    for (const auto &[from, to] : *calls)
      names.insert({from, to});
    for (const std::string &name : names)
      graph.services.push_back(by_default(name));
  }
  std::map<std::string, uint32_t> index;
  for (const Service &service : graph.services)
    index.emplace(service.name, static_cast<uint32_t>(index.size()));
  if (index.size() != graph.services.size())
    return wrong("two services have one name");
  for (const auto &[from, to] : *calls) // some call what is not part of the deployment
    if (index.count(from) && index.count(to) && !off_the_path(from) && !off_the_path(to))
      graph.calls.emplace_back(index[from], index[to]);
  return in_call_order(graph, frontend);
}

} // namespace

bool is_store(const Service &service) {
  const llvm::StringRef name(service.name);
  return name.contains("mongo") || name.contains("memcached") || name.contains("redis");
}

llvm::Expected<Graph> in_call_order(const Graph &graph, const std::string &frontend) {
  const auto count = static_cast<uint32_t>(graph.services.size());
  uint32_t first = 0;
  while (first < count && graph.services[first].name != frontend)
    ++first;
  if (first == count)
    return wrong("there is no service '" + frontend + "'");
  std::vector<bool> reached(count);
  std::vector<uint32_t> next{first};
  reached[first] = true;
  for (size_t i = 0; i < next.size(); ++i)
    for (const auto &[from, to] : graph.calls)
      if (from == next[i] && !reached[to]) {
        reached[to] = true;
        next.push_back(to);
      }
  std::vector<uint32_t> callers(count), order{first};
  for (const auto &[from, to] : graph.calls)
    callers[to] += reached[from];
  if (callers[first] > 0)
    return wrong("services call each other in a circle");
  for (size_t i = 0; i < order.size(); ++i)
    for (const auto &[from, to] : graph.calls)
      if (from == order[i] && --callers[to] == 0)
        order.push_back(to);
  if (order.size() != next.size())
    return wrong("services call each other in a circle");
  Graph out{graph.name, {}, {}};
  std::vector<uint32_t> place(count, count);
  for (uint32_t service : order) {
    place[service] = static_cast<uint32_t>(out.services.size());
    out.services.push_back(graph.services[service]);
  }
  for (const auto &[from, to] : graph.calls)
    if (reached[from])
      out.calls.emplace_back(place[from], place[to]);
  return out;
}

llvm::Expected<std::vector<Graph>> read_graphs() {
  std::vector<Graph> graphs;
  for (const auto &[file, frontend] :
       {std::pair{"microservices/online_boutique.json", "frontend"},
        std::pair{"microservices/deathstarbench_social_network.json", "nginx-web-server"},
        std::pair{"microservices/deathstarbench_hotelReservation.json", "frontend"},
        std::pair{"microservices/deathstarbench_mediaMicroservices.json", "nginx-web-server"}}) {
    auto graph = read_graph(file, frontend);
    if (!graph)
      return wrong(std::string(file) + ": " + llvm::toString(graph.takeError()));
    graphs.push_back(std::move(*graph));
  }
  return graphs;
}

} // namespace nemo::bench::continuum
