// What replicas pay for what they send, over links with a price.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/verify/figures.h"
#include "compiler/verify/levels.h"

namespace nemo::verify {

class Egress {
public:
  explicit Egress(const Case &subject);
  bool any() const { return !flows_.empty(); }
  /// Some flow that may have to pay begins or ends at the workload.
  bool at(const std::string &workload) const;
  bool sends(const std::string &workload) const;
  const std::vector<Flow> &flows() const { return flows_; }
  /// Of the way between two nodes, 1e-9 EUR for a GiB.
  uint64_t price(const std::string &from, const std::string &to);
  struct Stand {
    std::string workload, node;
  };
  /// EUR/s of each; none where no flow has to pay at all.
  std::vector<Figure> of(const std::vector<Stand> &stands);
  /// Of the plan's replicas.
  std::vector<Figure> planned();

private:
  const Case &subject_;
  std::vector<Flow> flows_;
  std::optional<Ways> ways_;
  std::map<std::string, std::map<std::string, uint64_t>> prices_; ///< by nodes, as asked for
};

} // namespace nemo::verify
