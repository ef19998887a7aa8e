// Last phase: typed blocks to the messages of the intent, with defaults filled in and what stands
// between objects checked: ports that a health check names, circles of `after`, files that mounts
// bring along.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intent/check/blocks.h"

namespace nemo::check {

/// Reads the files of one relative mount source; an error says why not, in plain words.
using ReadArtifact = std::function<llvm::Expected<proto::Artifact>(const std::string &source)>;

class Builder {
public:
  Builder(Context &context, ReadArtifact read) : context_(context), read_(std::move(read)) {}

  void add(const TypedBlock &block);
  /// Sorts, and checks what needs the whole.
  void finish();

private:
  void workload(const TypedBlock &block);
  void what_runs(const TypedBlock &block, proto::Workload &out);
  void rules(const TypedBlock &block, proto::Workload &out);
  void min_domains(const TypedBlock &block, proto::Workload &out);
  void affinity(const TypedBlock &block, proto::Workload &out);
  void sort_rule(const TypedRule &rule, proto::Workload &out);
  void ports(const TypedBlock &block, proto::Workload &out);
  void mounts(const TypedBlock &block, proto::Workload &out);
  bool mount(const TypedBlock &block, proto::Mount &out);
  bool bring_files(const TypedAttribute &source, proto::Mount &out);
  void health(const TypedBlock &block, proto::Workload &out);
  void machine(const TypedBlock &block, proto::Workload &out);
  void container(const TypedBlock &block, const proto::Workload &out);
  void mounts_of_machine(const TypedBlock &block, const proto::Workload &out);
  void changes(const TypedBlock &block, proto::Workload &out);
  void budget(const TypedBlock &block, proto::Workload &out);
  void job(const TypedBlock &block, const TypedBlock &restart, proto::Workload &out);
  void tenant(const TypedBlock &block);
  void cluster(const TypedBlock &block);
  void moved(const TypedBlock &block);
  void refuse_circles();
  void refuse_shared_nodes();
  void refuse_bad_moves();
  void refuse_overcommit();

  Context &context_;
  ReadArtifact read_;
};

// What builders read from a typed block. An absent attribute has its default of the schema.
uint32_t whole_number(const proto::Value &value); ///< rounded down
std::string text_of(const proto::Value &value);   ///< text, enumerator, or a reference's name
std::string text(const TypedBlock &block, llvm::StringRef name);
std::vector<std::string> texts(const TypedBlock &block, llvm::StringRef name);
bool flag(const TypedBlock &block, llvm::StringRef name);
/// A whole number of `step`s ("1mcore" as "mcore").
uint64_t whole(const TypedBlock &block, llvm::StringRef name, llvm::StringRef step);
void labels(const TypedBlock &block, google::protobuf::RepeatedPtrField<proto::Label> &out);
proto::Resources resources(const Context &context, const TypedBlock &block, bool with_defaults);
/// Fills in what differs by hour, and says what is wrong with it.
void read_hours(Context &context, const TypedBlock &block, proto::Resources &made);
/// Says what is wrong with how GPUs are asked for.
void check_devices(Context &context, const TypedBlock &block, const proto::Resources &made);
/// Says where the average is above the most.
void check_mean(Context &context, const TypedBlock &block, const proto::Resources &made);

} // namespace nemo::check
