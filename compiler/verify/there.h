// What of the stack is there already: what nodes report to run, joined with what they were told to
// run, under the names that the intent has now.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "protocol/plan.pb.h"

namespace nemo::verify {

struct There {
  std::string workload; ///< its name of now
  uint32_t replica = 0;
  std::string node;
  std::string revision;
  std::string reported_as; ///< the name that it runs under
  bool retiring = false;
  bool guarded = false; ///< it runs protected
  bool over = false;    ///< a job that has ended well, and holds nothing any more
  std::string source;
  const proto::Spec *spec = nullptr;     ///< what it was started from, where somebody says
  const proto::Instance *told = nullptr; ///< as its node was told

  /// It runs and goes on under its name, so that others may use its address.
  bool serves() const { return !retiring && spec && reported_as == workload; }
  std::string name() const { return workload + "/" + std::to_string(replica); }
};

/// "workload.web" -> "web"
std::string without_kind(const std::string &object);

/// The intent's `moved` blocks, all followed to their ends.
class Moves {
public:
  explicit Moves(const proto::Intent &intent);
  /// The name that a workload of this name has by now.
  const std::string &name_of_now(const std::string &name) const;
  /// Those of one name of now, in order.
  const std::set<std::string> &earlier_names(const std::string &name) const;

private:
  std::map<std::string, std::string> end_;
  std::map<std::string, std::set<std::string>> earlier_;
};

/// By workload, replica, node, revision.
std::vector<There> what_is_there(const proto::Intent &intent, const Moves &moves,
                                 const proto::Fleet &facts);

} // namespace nemo::verify
