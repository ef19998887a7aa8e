// What is told of matters that are looked at again and again: each once per change. That its times
// and numbers are others is no change, as those of what is refused again each second are.
#pragma once

#include <map>
#include <string>

#include "llvm/ADT/StringRef.h"

namespace nemo {

/// The text with "#" for each RFC 3339 time, and for each number that stands alone; digits of names
/// stay: "expired at #", "'gw1' accepted # before".
std::string without_numbers(llvm::StringRef text);

class News {
public:
  /// Whether `text` is another than what was said of `matter` last.
  bool is_new(const std::string &matter, llvm::StringRef text);
  /// It is well again: whatever is said of it next is new.
  void forget(const std::string &matter) { last_.erase(matter); }

private:
  std::map<std::string, std::string> last_;
};

} // namespace nemo
