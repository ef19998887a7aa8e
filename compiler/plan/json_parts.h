// The parts of a plan as JSON, in the pinned form: keys only get added. Figures are exact decimals,
// written as text of the number and not by way of a double; null where no model gives one.
#pragma once

#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"

#include "protocol/plan.pb.h"

namespace nemo::plan::json_parts {

using llvm::json::OStream;

/// JSON holds Unicode only; what an author wrote may be anything.
std::string text(llvm::StringRef bytes);
void words(OStream &json, const char *key, llvm::StringRef value);
void nullable(OStream &json, const char *key, llvm::StringRef value); ///< null for ""
void number(OStream &json, const char *key, const std::optional<std::string> &value);
/// `value` x 10^-`digits`.
void figure(OStream &json, const char *key, std::optional<int64_t> value, int digits);

// The members of one object each; the caller opens and closes it.
void write(OStream &json, const proto::Placement &placement);
void write(OStream &json, const proto::Waiting &item);
void write(OStream &json, const proto::ClusterNodes &item);
void write(OStream &json, const proto::AskedMove &move);
void write(OStream &json, const proto::Action &action);
void write(OStream &json, const proto::Expectation &item);
void write(OStream &json, const proto::Totals &totals);
void write(OStream &json, const proto::Diagnostic &item);
void write(OStream &json, const proto::Shortfall &item);
void write(OStream &json, const proto::ObjectiveValue &objective);

template <typename List> void array(OStream &json, const char *key, const List &list) {
  json.attributeArray(key, [&] {
    for (const auto &item : list)
      json.object([&] { write(json, item); });
  });
}

} // namespace nemo::plan::json_parts
