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
  for (const proto::Moved &moved : intent.moved())
    moves_.emplace(name_of(moved.from()), name_of(moved.to()));
}

// A circle of moves ends after as many steps as there are moves.
std::string Renames::now(std::string name) const {
  for (size_t step = 0; step < moves_.size(); ++step) {
    auto next = moves_.find(name);
    if (next == moves_.end())
      break;
    name = next->second;
  }
  return name;
}

std::vector<std::string> Renames::formerly(const std::string &name) const {
  std::vector<std::string> names;
  for (const auto &[from, to] : moves_)
    if (from != name && now(from) == name)
      names.push_back(from);
  return names;
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
