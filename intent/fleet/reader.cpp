// What each kind of value must be, and what is said when it is not.
#include "intent/fleet/reader.h"

#include <fmt/format.h>

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

namespace nemo::fleet {

namespace {

constexpr size_t diagnostic_limit = 100;
constexpr size_t text_limit = 1000;
constexpr size_t first_currency = 6;

std::string joined(llvm::ArrayRef<llvm::StringRef> words) {
  std::string text;
  for (const llvm::StringRef word : words)
    text += (text.empty() ? "" : ", ") + word.str();
  return text;
}

std::string kind_of(const Yaml &node) {
  switch (node.kind) {
  case Yaml::Kind::nothing:
    return "nothing";
  case Yaml::Kind::scalar:
    return node.text.size() > 40 ? node.text.substr(0, 40) + "..." : node.text;
  case Yaml::Kind::map:
    return "a map";
  case Yaml::Kind::list:
    break;
  }
  return "a list";
}

/// The currency of `dimension` that is not EUR; empty if it would not fit with EUR in its place.
llvm::StringRef other_currency(const formula::Dimension &found, const formula::Dimension &wanted) {
  formula::Dimension changed = found;
  llvm::StringRef currency;
  for (size_t i = first_currency + 1; i < formula::Dimension::count; ++i) {
    if (found.exponents[i] == 0)
      continue;
    currency = formula::base_units()[i];
    changed.exponents[first_currency] =
        static_cast<int8_t>(changed.exponents[first_currency] + found.exponents[i]);
    changed.exponents[i] = 0;
  }
  return changed == wanted ? currency : llvm::StringRef();
}

std::string not_what_is_wanted(const Yaml &node, llvm::StringRef key,
                               const formula::Quantity &found, const formula::Dimension &wanted) {
  if (found.dimension.none() && found.unit.empty())
    return fmt::format("{}: {} has no unit", key.str(), kind_of(node));
  return fmt::format("{}: {} is {}, not {}", key.str(), kind_of(node), found.dimension.name(),
                     wanted.name());
}

} // namespace

bool is_label(llvm::StringRef text) {
  const auto fine = [](char c) { return llvm::isDigit(c) || (c >= 'a' && c <= 'z'); };
  return !text.empty() && text.size() <= 63 && fine(text.front()) && fine(text.back()) &&
         llvm::all_of(text, [&](char c) { return fine(c) || c == '-'; });
}

Diagnostic *Reader::fault(const diag::Entry &entry, const Yaml &node, std::string message,
                          std::string fix) {
  if (file_.diagnostics.size() >= diagnostic_limit)
    return nullptr;
  Diagnostic diagnostic =
      diag::make(entry, std::move(message), file_.path, tree_.range(node, file_.text));
  diagnostic.fix = std::move(fix);
  file_.diagnostics.push_back(std::move(diagnostic));
  return &file_.diagnostics.back();
}

Note Reader::note(const Yaml &node, std::string message) const {
  return Note{std::move(message), file_.path, tree_.range(node, file_.text)};
}

void Reader::each_named(const Yaml &map, llvm::StringRef what,
                        llvm::function_ref<void(const Yaml &, const Yaml &)> take) {
  if (map.kind == Yaml::Kind::nothing)
    return;
  if (map.kind != Yaml::Kind::map) {
    fault(diag::N0408, map,
          fmt::format("{} is written as {{key: value, ...}}, not as {}", what.str(), kind_of(map)));
    return;
  }
  llvm::StringMap<const Yaml *> seen;
  for (uint32_t at = map.first; at != Yaml::none;) {
    const Yaml &key = tree_.nodes[at];
    const Yaml &value = tree_.nodes[key.next];
    at = value.next;
    const auto [before, is_new] = seen.try_emplace(key.text, &key);
    if (is_new) {
      take(key, value);
    } else if (Diagnostic *diagnostic =
                   fault(diag::N0406, key,
                         fmt::format("{} is given twice in {}", kind_of(key), what.str()),
                         "keep one of the two")) {
      diagnostic->notes.push_back(note(*before->second, "the first is here"));
    }
  }
}

uint32_t Reader::each(const Yaml &map, llvm::StringRef what, llvm::ArrayRef<llvm::StringRef> keys,
                      llvm::function_ref<void(size_t, const Yaml &)> take) {
  uint32_t seen = 0;
  each_named(map, what, [&](const Yaml &key, const Yaml &value) {
    const auto found = llvm::find(keys, llvm::StringRef(key.text));
    if (found != keys.end()) {
      const auto index = static_cast<size_t>(found - keys.begin());
      seen |= 1u << index;
      take(index, value);
      return;
    }
    std::vector<std::string> candidates;
    for (const llvm::StringRef one : keys)
      candidates.push_back(one.str());
    const auto near = did_you_mean(key.text, candidates);
    fault(diag::N0405, key, fmt::format("{} has no key {}", what.str(), kind_of(key)),
          near ? "did you mean " + *near + "?" : "its keys are " + joined(keys));
  });
  return seen;
}

void Reader::each_item(const Yaml &list, llvm::StringRef what,
                       llvm::function_ref<void(const Yaml &)> take) {
  if (list.kind == Yaml::Kind::nothing)
    return;
  if (list.kind != Yaml::Kind::list) {
    fault(diag::N0408, list, fmt::format("{} is a list, not {}", what.str(), kind_of(list)),
          "put [ ] around it, or a line that begins with - before each");
    return;
  }
  for (uint32_t at = list.first; at != Yaml::none; at = tree_.nodes[at].next)
    take(tree_.nodes[at]);
}

void Reader::require(const Yaml &map, llvm::StringRef what, llvm::ArrayRef<llvm::StringRef> keys,
                     uint32_t seen, llvm::ArrayRef<size_t> needed) {
  if (map.kind != Yaml::Kind::map && map.kind != Yaml::Kind::nothing)
    return; // said already
  for (const size_t index : needed)
    if ((seen & (1u << index)) == 0)
      fault(diag::N0407, map, fmt::format("{} needs {}", what.str(), keys[index].str()));
}

bool Reader::is_scalar(const Yaml &node, llvm::StringRef key) {
  if (node.kind == Yaml::Kind::scalar && node.text.size() <= text_limit)
    return true;
  if (node.kind == Yaml::Kind::scalar)
    fault(diag::N0404, node, fmt::format("{} is longer than {} bytes", key.str(), text_limit));
  else if (node.kind == Yaml::Kind::nothing)
    fault(diag::N0408, node, fmt::format("{} has no value", key.str()),
          "leave the key out where the value is not known");
  else
    fault(diag::N0408, node, fmt::format("{} is a single value, not {}", key.str(), kind_of(node)));
  return false;
}

std::optional<std::string> Reader::text(const Yaml &node, llvm::StringRef key) {
  if (!is_scalar(node, key))
    return std::nullopt;
  if (!node.text.empty())
    return node.text;
  fault(diag::N0408, node, fmt::format("{} is an empty text", key.str()),
        "leave the key out where the value is not known");
  return std::nullopt;
}

std::optional<std::string> Reader::name(const Yaml &node, llvm::StringRef key) {
  if (!is_scalar(node, key))
    return std::nullopt;
  if (is_label(node.text))
    return node.text;
  std::string proposal;
  for (const char c : llvm::StringRef(node.text).lower())
    proposal += c == '_' || c == '.' || c == ' ' ? '-' : c;
  fault(diag::N0413, node, fmt::format("{} {} is not an RFC 1123 label", key.str(), kind_of(node)),
        is_label(proposal) ? "did you mean " + proposal + "?" : "");
  return std::nullopt;
}

std::optional<bool> Reader::truth(const Yaml &node, llvm::StringRef key) {
  if (!is_scalar(node, key))
    return std::nullopt;
  if (!node.quoted && (node.text == "true" || node.text == "false"))
    return node.text == "true";
  fault(diag::N0408, node, fmt::format("{} is true or false, not {}", key.str(), kind_of(node)));
  return std::nullopt;
}

std::optional<uint64_t> Reader::count(const Yaml &node, llvm::StringRef key, uint64_t most) {
  if (!is_scalar(node, key))
    return std::nullopt;
  uint64_t value = 0;
  if (!node.quoted && llvm::all_of(node.text, llvm::isDigit) &&
      !llvm::StringRef(node.text).getAsInteger(10, value) && value <= most)
    return value;
  fault(diag::N0408, node,
        fmt::format("{} is a whole number from 0 to {}, not {}", key.str(), most, kind_of(node)));
  return std::nullopt;
}

std::optional<formula::Quantity> Reader::quantity(const Yaml &node, llvm::StringRef key,
                                                  llvm::StringRef example) {
  if (!is_scalar(node, key))
    return std::nullopt;
  const units::Parsed parsed = units::parse(node.text);
  if (parsed && !node.quoted)
    return parsed.quantity;
  if (parsed)
    fault(diag::N0409, node, fmt::format("{} is a quantity and stands without quotes", key.str()),
          fmt::format("{}: {}", key.str(), node.text));
  else
    fault(diag::N0409, node, fmt::format("{}: {}", key.str(), parsed.error.message),
          parsed.error.fix.empty() ? fmt::format("write it as in {}: {}", key.str(), example.str())
                                   : parsed.error.fix);
  return std::nullopt;
}

std::optional<uint64_t> Reader::measure(const Yaml &node, llvm::StringRef key,
                                        const Measure &measure) {
  const auto found = quantity(node, key, measure.example);
  if (!found)
    return std::nullopt;
  const formula::Dimension wanted = units::dimension_of(measure.step);
  if (found->dimension != wanted) {
    const llvm::StringRef currency = other_currency(found->dimension, wanted);
    if (!currency.empty())
      fault(diag::N0412, node,
            fmt::format("{} is in {}: no exchange rate is known", key.str(), currency.str()),
            fmt::format("state it in EUR, as in {}: {}", key.str(), measure.example));
    else
      fault(diag::N0410, node, not_what_is_wanted(node, key, *found, wanted),
            fmt::format("write it as in {}: {}", key.str(), measure.example));
    return std::nullopt;
  }
  const bool bits = units::written_in_bits(measure.step);
  if (bits ? units::written_in_bytes(found->unit)
           : units::written_in_bytes(measure.step) && units::written_in_bits(found->unit)) {
    fault(diag::N0410, node,
          fmt::format("{} is written in {}; {}", key.str(), bits ? "bits" : "bytes",
                      units::other_data_hint(*found)));
    return std::nullopt;
  }
  const units::Whole whole = measure.exact ? units::to_integer(*found, measure.step)
                                           : units::to_nearest(*found, measure.step);
  if (!whole || *whole.value < 0 || (measure.positive && *whole.value == 0)) {
    fault(diag::N0411, node,
          fmt::format("{}: {}", key.str(),
                      !whole             ? whole.message
                      : measure.positive ? kind_of(node) + " is not more than zero"
                                         : kind_of(node) + " is less than zero"));
    return std::nullopt;
  }
  return static_cast<uint64_t>(*whole.value);
}

std::optional<uint64_t> Reader::share(const Yaml &node, llvm::StringRef key) {
  constexpr uint64_t whole = 1'000'000'000;
  const auto found = measure(node, key, {"ppb", "99.95%"});
  if (!found || *found <= whole)
    return found;
  fault(diag::N0411, node, fmt::format("{}: {} is more than 100%", key.str(), kind_of(node)));
  return std::nullopt;
}

std::optional<int64_t> Reader::temperature(const Yaml &node, llvm::StringRef key) {
  const auto found = quantity(node, key, "45degC");
  if (!found)
    return std::nullopt;
  const auto degrees = formula::number_in(*found, "degC");
  if (!degrees) {
    fault(diag::N0410, node, not_what_is_wanted(node, key, *found, units::dimension_of("degC")),
          fmt::format("write it as in {}: 45degC", key.str()));
    return std::nullopt;
  }
  const auto thousandths = degrees->times(1000);
  const auto value = thousandths ? thousandths->nearest() : std::nullopt;
  if (!value || found->value.sign() < 0) {
    fault(diag::N0411, node, fmt::format("{}: no thing is at {}", key.str(), kind_of(node)));
    return std::nullopt;
  }
  return value;
}

std::optional<proto::Value> Reader::value(const Yaml &node, llvm::StringRef key) {
  if (!is_scalar(node, key))
    return std::nullopt;
  if (!node.quoted) {
    if (node.text == "true" || node.text == "false")
      return formula::boolean(node.text == "true");
    if (const auto parsed = units::parse(node.text))
      return formula::quantity(*parsed.quantity);
  }
  return formula::text(node.text);
}

void Reader::labels(const Yaml &map, google::protobuf::RepeatedPtrField<proto::Fact> &facts) {
  each_named(map, "labels", [&](const Yaml &key, const Yaml &label) {
    if (auto found = value(label, key.text)) {
      proto::Fact &fact = *facts.Add();
      fact.set_key(key.text);
      fact.mutable_value()->Swap(&*found);
    }
  });
}

void Reader::expect_word(const Yaml &node, llvm::StringRef key, llvm::StringRef word,
                         llvm::ArrayRef<std::string> known) {
  if (llvm::is_contained(known, word))
    return;
  const auto near = did_you_mean(word, known);
  fault(diag::N0417, node,
        fmt::format("{} {} is no word that formulas know", key.str(), word.str()),
        near ? "did you mean " + *near + "?" : "");
}

} // namespace nemo::fleet
