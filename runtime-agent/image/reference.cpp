#include "runtime-agent/image/reference.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include "base/error.h"

namespace nemo::image {

namespace {

constexpr size_t most_bytes = 512, most_repository = 255, most_tag = 128, most_host = 253;

bool is_lower(char c) { return (c >= 'a' && c <= 'z') || llvm::isDigit(c); }

/// A name or an IPv4 address, or an IPv6 address in brackets.
bool is_host(llvm::StringRef host) {
  if (host.consume_front("["))
    return host.consume_back("]") && host.contains(':') &&
           llvm::all_of(host, [](char c) { return llvm::isHexDigit(c) || c == ':' || c == '.'; });
  if (host.empty() || host.size() > most_host)
    return false;
  llvm::SmallVector<llvm::StringRef, 4> labels;
  host.split(labels, '.');
  return llvm::all_of(labels, [](llvm::StringRef label) {
    return !label.empty() && llvm::isAlnum(label.front()) && llvm::isAlnum(label.back()) &&
           llvm::all_of(label, [](char c) { return llvm::isAlnum(c) || c == '-'; });
  });
}

bool is_registry(llvm::StringRef text) {
  llvm::StringRef host = text;
  if (const size_t colon = text.rfind(':'); colon != llvm::StringRef::npos && text.back() != ']') {
    unsigned port = 0;
    host = text.take_front(colon);
    if (text.drop_front(colon + 1).getAsInteger(10, port) || port == 0 || port > 65535)
      return false;
  }
  return is_host(host);
}

/// Lower-case letters and digits, with ".", "_", "__" or any number of "-" between them.
bool is_component(llvm::StringRef part) {
  if (part.empty() || !is_lower(part.front()) || !is_lower(part.back()))
    return false;
  for (size_t i = 0; i < part.size();) {
    if (is_lower(part[i])) {
      ++i;
      continue;
    }
    const llvm::StringRef between = part.drop_front(i).take_until(is_lower);
    if (between != "." && between != "_" && between != "__" &&
        !llvm::all_of(between, [](char c) { return c == '-'; }))
      return false;
    i += between.size();
  }
  return true;
}

bool is_repository(llvm::StringRef text) {
  llvm::SmallVector<llvm::StringRef, 4> parts;
  text.split(parts, '/');
  return text.size() <= most_repository && llvm::all_of(parts, is_component);
}

bool is_tag(llvm::StringRef text) {
  return !text.empty() && text.size() <= most_tag && text.front() != '.' && text.front() != '-' &&
         llvm::all_of(text,
                      [](char c) { return llvm::isAlnum(c) || c == '_' || c == '.' || c == '-'; });
}

} // namespace

std::string hex_of(llvm::StringRef digest) {
  if (!digest.consume_front("sha256:") || digest.size() != 64 ||
      !llvm::all_of(digest, [](char c) { return llvm::isDigit(c) || (c >= 'a' && c <= 'f'); }))
    return {};
  return digest.str();
}

llvm::Expected<Reference> parse_reference(llvm::StringRef text) {
  if (text.size() > most_bytes)
    return failure("the image's name is longer than {} bytes", most_bytes);
  if (!llvm::all_of(text, llvm::isPrint))
    return failure("the image's name holds characters that no name has");
  Reference reference;
  llvm::StringRef name = text;
  if (const size_t at = text.find('@'); at != llvm::StringRef::npos) {
    name = text.take_front(at);
    reference.digest = hex_of(text.drop_front(at + 1));
    if (reference.digest.empty())
      return failure("'{}' is not a digest: sha256: and 64 hexadecimal digits in lower case",
                     text.drop_front(at + 1).str());
  }
  const auto [registry, rest] = name.split('/');
  const bool named = registry.contains('.') || registry.contains(':') || registry == "localhost";
  if (rest.empty() || !named)
    return failure("'{}' names no registry: it begins with a host, as registry.example/vision does",
                   text.str());
  if (!is_registry(registry))
    return failure("'{}' is not a registry's host, with or without a port", registry.str());
  reference.registry = registry.str();
  const auto [repository, tag] = rest.split(':');
  if (!is_repository(repository))
    return failure("'{}' is not the name of a repository: lower-case letters and digits, with "
                   "'.', '_', '-' and '/' between them",
                   repository.str());
  reference.repository = repository.str();
  if (rest.contains(':') && !is_tag(tag))
    return failure("'{}' is not a tag", tag.str());
  reference.tag = tag.str();
  return reference;
}

} // namespace nemo::image
