// Digests and the plan file. A digest is taken over a canonical copy (what it leaves out cleared,
// lists in order), serialised deterministically; the file is a magic line, then the message.
#include "compiler/plan/binding.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "llvm/Support/FileSystem.h"

#include "base/diagnostics/registry.h"
#include "base/digest.h"
#include "base/error.h"

namespace nemo::plan {

namespace {

constexpr llvm::StringLiteral magic_word = "nemo-plan ";
constexpr llvm::StringLiteral magic = "nemo-plan 1\n";
constexpr uint64_t max_file = 64ull << 20; // ten thousand workloads take 13 MiB

std::string deterministic(const google::protobuf::Message &message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

template <typename List, typename Key> void sort_by(List &list, Key key) {
  std::stable_sort(list.pointer_begin(), list.pointer_end(),
                   [&](const auto *a, const auto *b) { return key(*a) < key(*b); });
}

llvm::Error refuse(const diag::Entry &entry, const std::string &path, std::string message,
                   std::string fix) {
  Diagnostic diagnostic = diag::make(entry, std::move(message), path);
  diagnostic.fix = std::move(fix);
  return failure(std::move(diagnostic));
}

llvm::Error too_large(const std::string &path, uint64_t size) {
  return refuse(
      diag::N0706, path,
      fmt::format("a plan file of {} bytes is too large; at most {} are read", size, max_file),
      "plan fewer workloads at once, or embed smaller files");
}

constexpr const char *plan_again = "make the plan again: nemo plan --out FILE";

} // namespace

std::string plan_digest(const proto::Plan &plan) {
  proto::Plan copy = plan;
  copy.clear_digest();
  return sha256(deterministic(copy));
}

std::string facts_digest(const proto::Fleet &facts) { return sha256(deterministic(facts)); }

std::string fleet_digest(const proto::Fleet &facts) {
  proto::Fleet copy = facts;
  copy.clear_at();
  for (auto &site : *copy.mutable_sites()) {
    site.clear_price_neur_per_kwh();
    site.clear_carbon_mg_per_kwh(); // of the hour: a measurement of the grid
    site.clear_carbon_forecast_mg_per_kwh();
    site.clear_price_forecast_neur_per_kwh();
    sort_by(*site.mutable_labels(), [](const auto &label) { return label.key(); });
  }
  for (auto &node : *copy.mutable_nodes()) {
    node.clear_price_neur_per_hour();
    node.clear_temperature_mdegc();
    node.clear_agent_version();
    node.clear_images(); // pulled by the plan's own actions
    for (auto &capability : *node.mutable_capabilities())
      capability.clear_reason();
    sort_by(*node.mutable_labels(), [](const auto &label) { return label.key(); });
    sort_by(*node.mutable_capabilities(), [](const auto &item) { return item.name(); });
    std::sort(node.mutable_sandboxes()->begin(), node.mutable_sandboxes()->end());
  }
  for (auto &link : *copy.mutable_links())
    link.clear_price_neur_per_gib();
  for (auto &running : *copy.mutable_running()) {
    proto::Running kept;
    kept.set_stack(running.stack());
    kept.set_workload(running.workload());
    kept.set_replica(running.replica());
    kept.set_node(running.node());
    kept.set_uid(running.uid());
    kept.set_revision(running.revision());
    kept.set_source(running.source());
    if (running.state() == proto::Running::EXITED) // facts have this of finished jobs alone
      kept.set_state(running.state());
    running = std::move(kept);
  }
  for (auto &part : *copy.mutable_parts())
    part.clear_holder();
  sort_by(*copy.mutable_sites(), [](const auto &site) { return site.name(); });
  sort_by(*copy.mutable_nodes(), [](const auto &node) { return node.name(); });
  sort_by(*copy.mutable_links(), [](const auto &l) { return std::tie(l.from(), l.to()); });
  sort_by(*copy.mutable_running(), [](const auto &r) {
    return std::make_tuple(r.stack(), r.workload(), r.replica(), r.node(), r.revision(), r.uid());
  });
  sort_by(*copy.mutable_parts(),
          [](const auto &p) { return std::tie(p.part().stack(), p.part().node()); });
  return sha256(deterministic(copy));
}

llvm::Expected<std::string> write_plan_file(const proto::Plan &plan) {
  std::string bytes = magic.str() + deterministic(plan);
  if (bytes.size() > max_file)
    return too_large({}, bytes.size());
  return bytes;
}

bool is_plan_file(const std::string &path) {
  if (llvm::StringRef(path).endswith(".nemoplan"))
    return true;
  if (!llvm::sys::fs::is_regular_file(path)) // a pipe would be waited for
    return false;
  char begin[magic_word.size()];
  std::ifstream file(path, std::ios::binary);
  return file.read(begin, sizeof begin) && llvm::StringRef(begin, sizeof begin) == magic_word;
}

llvm::Expected<proto::Plan> parse_plan_file(const std::string &path, llvm::StringRef bytes) {
  if (bytes.size() > max_file)
    return too_large(path, bytes.size());
  const llvm::StringRef line = bytes.take_front(64).split('\n').first;
  if (!bytes.startswith(magic_word)) {
    const bool short_read = !bytes.empty() && magic_word.startswith(bytes);
    return refuse(short_read ? diag::N0704 : diag::N0702, path,
                  short_read || bytes.empty() ? "the file ends before a plan begins"
                                              : "this is not a plan file",
                  "give the file that `nemo plan --out FILE` wrote; for .nemo files use "
                  "`nemo plan` or `nemo apply PATH`");
  }
  if (!bytes.startswith(magic)) {
    llvm::StringRef version = line.drop_front(magic_word.size());
    if (bytes.size() < magic.size())
      return refuse(diag::N0704, path, "the file ends within its first line", plan_again);
    std::string shown;
    for (char c : version.take_front(16))
      shown += c >= ' ' && c <= '~' ? c : '?';
    return refuse(diag::N0703, path,
                  "the plan file is of version '" + shown + "'; this nemo reads version 1",
                  "use the nemo that wrote it, or make the plan again with this one");
  }
  bytes = bytes.drop_front(magic.size());
  google::protobuf::io::ArrayInputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream coded(&array);
  coded.SetRecursionLimit(2000); // the language nests at most 256 deep, several messages a level
  proto::Plan plan;
  google::protobuf::LogSilencer silence; // what is wrong is said below, once
  if (!plan.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage())
    return refuse(diag::N0704, path, "the plan is cut short or damaged: it cannot be decoded",
                  plan_again);
  if (plan.version() != 1)
    return refuse(diag::N0703, path,
                  "the plan is of version " + std::to_string(plan.version()) +
                      "; this nemo reads version 1",
                  "use the nemo that wrote it, or make the plan again with this one");
  if (std::string digest = plan_digest(plan); digest != plan.digest()) {
    Diagnostic diagnostic = diag::make(diag::N0705, "the plan was altered after it was made", path);
    diagnostic.notes.push_back({"it says its digest is '" + plan.digest() + "'", {}, {}});
    diagnostic.notes.push_back({"its content has digest '" + digest + "'", {}, {}});
    diagnostic.fix = plan_again;
    return failure(std::move(diagnostic));
  }
  if (deterministic(plan) != bytes)
    return refuse(diag::N0705, path,
                  "the plan was altered after it was made: its bytes are not as nemo writes them",
                  plan_again);
  return plan;
}

llvm::Expected<proto::Plan> read_plan_file(const std::string &path) {
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return refuse(diag::N0701, path, "the plan file cannot be read: " + code.message(),
                  "check the path; `nemo plan --out FILE` writes a plan file");
  if (status.type() != llvm::sys::fs::file_type::regular_file)
    return refuse(diag::N0701, path, "the path is not a file",
                  "give the file that `nemo plan --out FILE` wrote");
  if (status.getSize() > max_file)
    return too_large(path, status.getSize());
  std::ifstream file(path, std::ios::binary);
  std::string bytes(status.getSize(), '\0');
  if (!file || (!bytes.empty() && !file.read(bytes.data(), static_cast<long>(bytes.size()))))
    return refuse(diag::N0701, path, "the plan file cannot be read",
                  "check that you may read it: ls -l FILE");
  return parse_plan_file(path, bytes);
}

} // namespace nemo::plan
