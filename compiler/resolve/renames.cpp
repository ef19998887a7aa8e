#include "compiler/resolve/renames.h"

#include <fmt/format.h>

#include "compiler/resolve/report.h"

namespace nemo::compiler {

namespace {

std::string name_of(const std::string &object) {
  llvm::StringRef text = object;
  text.consume_front("workload.");
  return text.str();
}

} // namespace

Renames::Renames(const proto::Intent &intent) {
  std::map<std::string, std::string> moves;
  for (const proto::Moved &moved : intent.moved())
    moves.emplace(name_of(moved.from()), name_of(moved.to()));
  for (const auto &[from, to] : moves) {
    // Chains are short, and the checker admits no circle; one would end here all the same.
    std::string end = to;
    for (int step = 0; step < 64; ++step)
      if (const auto next = moves.find(end); next != moves.end() && end != from)
        end = next->second;
      else
        break;
    if (end != from)
      formerly_[end].push_back(from);
    now_.emplace(from, std::move(end));
  }
}

std::string Renames::now(const std::string &name) const {
  const auto found = now_.find(name);
  return found == now_.end() ? name : found->second;
}

std::vector<std::string> Renames::formerly(const std::string &name) const {
  const auto found = formerly_.find(name);
  return found == formerly_.end() ? std::vector<std::string>() : found->second;
}

std::vector<Diagnostic>
clashes(const proto::Intent &intent,
        const google::protobuf::RepeatedPtrField<stages::Existing> &existing) {
  std::vector<Diagnostic> out;
  // Sorted by workload and replica: those of one replica stand together.
  for (int first = 0, end; first < existing.size(); first = end) {
    end = first + 1;
    auto same_replica = [&](int other) {
      return existing[other].workload() == existing[first].workload() &&
             existing[other].replica() == existing[first].replica();
    };
    while (end < existing.size() && same_replica(end))
      ++end;
    for (int a = first; a < end; ++a)
      for (int b = a + 1; b < end; ++b) {
        const stages::Existing &one = existing[a], &two = existing[b];
        const bool both_stay = !one.retiring() && !two.retiring();
        if (one.renamed_from() == two.renamed_from() || !(both_stay || one.node() == two.node()))
          continue;
        auto name = [](const stages::Existing &there) {
          return there.renamed_from().empty() ? there.workload() : there.renamed_from();
        };
        proto::Span span;
        for (const proto::Moved &moved : intent.moved())
          if (name_of(moved.from()) == name(one) || name_of(moved.from()) == name(two))
            span = moved.span();
        Diagnostic fault = report(diag::N0752,
                                  fmt::format("both {}/{} and {}/{} are there, and one of them "
                                              "is to get the other's name",
                                              name(one), one.replica(), name(two), two.replica()),
                                  intent, span);
        fault.notes.push_back(
            note(fmt::format("{} on {}, {} on {}", name(one), one.node(), name(two), two.node())));
        fault.fix = "take `moved` out: then the old one is deleted and the new one stays";
        out.push_back(std::move(fault));
        a = b = end;
      }
  }
  return out;
}

} // namespace nemo::compiler
