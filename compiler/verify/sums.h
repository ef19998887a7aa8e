// Sums of the models' figures over replicas; each is rounded before it is added, as it is printed.
#pragma once

#include "compiler/verify/case.h"
#include "compiler/verify/wishes.h"

namespace nemo::verify {

struct Sum {
  std::optional<int64_t> value = 0;
  std::string missing; ///< the first fact without which there is no sum
  void add(const Figure &figure, int64_t factor);
  void spoil(const std::string &fact);
};

struct Sums {
  Sum milliwatts, milligrams_per_hour, micro_euros_per_hour;
  std::set<std::string> awake; ///< of the nodes, those that could be suspended
  void add(const proto::Resources &reserved, const Place &place,
           const std::optional<Span> &run = std::nullopt, const Figure *egress = nullptr);
  void spoil(const std::string &fact);

private:
  void add(const Figures &figures);
};

proto::Totals totals(const Sums &sums);

/// The objective's share of one replica on a node.
class Objective {
public:
  Objective(const proto::Intent &intent, const World &world);
  /// Millionths of its unit per hour; nullopt when a fact is missing.
  /// \param run  of a job: when it runs
  std::optional<int64_t> of(const proto::Workload &workload, const Place &place,
                            const std::optional<Span> &run = std::nullopt,
                            const Figure *egress = nullptr) const;
  /// What 1 EUR/s counts that it pays there besides.
  std::optional<int64_t> of_payment(const proto::Workload &workload, const Place &place) const;
  /// What keeping a node awake counts that could be suspended: most that it counts for any
  /// workload.
  std::optional<int64_t> awake(const Place &place) const;
  /// What it sees of a workload besides its resources: equal for those that it costs alike.
  std::string look(const proto::Workload &workload) const;
  bool in_euros() const { return in_euros_; }
  const std::string &text() const { return text_; }

private:
  struct Term {
    const proto::Objective *objective;
    const proto::Rule *rule;
  };
  void read(const World &world);
  bool counts(const Term &term, const proto::Workload &workload) const;
  std::optional<formula::Quantity> value(const Term &term, const Question &question,
                                         const Figures &figures) const;
  std::optional<int64_t> of(const proto::Workload &workload, const Place &place,
                            const Figures &figures) const;
  const proto::Intent &intent_;
  const Wishes wishes_;
  std::vector<Term> terms_;
  std::string text_;
  bool in_euros_ = true;
  std::vector<const proto::Workload *> kinds_; ///< one of each look
};

} // namespace nemo::verify
