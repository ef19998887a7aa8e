// Linear in the text for each star: only the last star is ever tried again.
#include "base/pattern.h"

#include <string>

namespace nemo {

bool matches(llvm::StringRef pattern, llvm::StringRef text) {
  size_t p = 0, t = 0, star = llvm::StringRef::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != llvm::StringRef::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.drop_front(p).find_first_not_of('*') == llvm::StringRef::npos;
}

bool names_replica(llvm::StringRef pattern, llvm::StringRef workload, uint32_t replica) {
  pattern.consume_front("workload.");
  const size_t slash = pattern.find('/');
  if (!matches(pattern.substr(0, slash), workload))
    return false;
  return slash == llvm::StringRef::npos ||
         matches(pattern.substr(slash + 1), std::to_string(replica));
}

} // namespace nemo
