#include "runtime-agent/image/config.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "base/json.h"
#include "runtime-agent/image/manifest.h"

namespace nemo::image {

namespace {

namespace json = llvm::json;

constexpr size_t kMostWords = 4096;
constexpr uint32_t kMostId = 0x7fffffff; ///< the last numbers mean "none" to the kernel

/// Adds the words of a list; what is missing or null is empty.
llvm::Error add_words(const json::Object &object, const char *key, std::vector<std::string> &out) {
  const json::Value *value = object.get(key);
  if (!value || value->kind() == json::Value::Null)
    return llvm::Error::success();
  const json::Array *list = value->getAsArray();
  if (!list || list->size() > kMostWords)
    return failure("the image's {} is not a list of at most {} words", key, kMostWords);
  for (const json::Value &one : *list) {
    const auto word = one.getAsString();
    if (!word || word->contains('\0'))
      return failure("the image's {} holds something that is no word", key);
    out.push_back(word->str());
  }
  return llvm::Error::success();
}

/// The fields of the line of /etc/passwd or /etc/group that begins with a name or has that number.
std::optional<llvm::SmallVector<llvm::StringRef, 8>>
find_line(llvm::StringRef file, llvm::StringRef name, bool by_number) {
  while (!file.empty()) {
    const auto [line, rest] = file.split('\n');
    file = rest;
    llvm::SmallVector<llvm::StringRef, 8> fields;
    line.rtrim('\r').split(fields, ':');
    if (fields.size() >= 3 && fields[by_number ? 2 : 0] == name)
      return fields;
  }
  return std::nullopt;
}

llvm::Expected<uint32_t> as_id(llvm::StringRef text, const char *what) {
  uint32_t id = 0;
  if (text.getAsInteger(10, id) || id > kMostId)
    return failure("'{}' is not a {} of the image", text.substr(0, 100).str(), what);
  return id;
}

} // namespace

llvm::Expected<Config> parse_config(llvm::StringRef text) {
  if (text.size() > kMostConfigBytes || nests_deeper(text, kMostDepth))
    return failure("the image's configuration is larger or nested deeper than one can be");
  auto value = json::parse(text);
  if (!value) {
    llvm::consumeError(value.takeError());
    return failure("the image's configuration is not JSON");
  }
  const json::Object *whole = value->getAsObject();
  if (!whole)
    return failure("the image's configuration is not an object");
  Config out;
  const json::Object *config = whole->getObject("config");
  if (!config)
    return out;
  for (const auto &[key, list] :
       {std::pair("Entrypoint", &out.command), std::pair("Cmd", &out.command),
        std::pair("Env", &out.environment)})
    if (auto error = add_words(*config, key, *list))
      return error;
  llvm::erase_if(out.environment, [](const std::string &one) { // of no use to anybody
    return one.find('=') == std::string::npos || one.front() == '=';
  });
  out.working_directory = config->getString("WorkingDir").value_or("").str();
  out.user = config->getString("User").value_or("").str();
  for (const std::string *one : {&out.working_directory, &out.user})
    if (one->find('\0') != std::string::npos || one->size() > 4000)
      return failure("the image's configuration names a directory or a user that cannot be one");
  return out;
}

llvm::Expected<User> find_user(llvm::StringRef user, llvm::StringRef passwd,
                               llvm::StringRef group) {
  const auto [name, group_name] = user.split(':');
  User out;
  const bool number = !name.empty() && llvm::all_of(name, llvm::isDigit);
  if (const auto line = find_line(passwd, name, number); line && !name.empty()) {
    auto uid = as_id((*line)[2], "user");
    if (!uid)
      return uid.takeError();
    out.uid = *uid;
    if (line->size() > 3) {
      auto gid = as_id((*line)[3], "group");
      if (!gid)
        return gid.takeError();
      out.gid = *gid;
    }
  } else if (!name.empty()) {
    auto uid = as_id(name, "user");
    if (!uid)
      return uid.takeError();
    out.uid = *uid;
  }
  if (!group_name.empty()) {
    const auto line = find_line(group, group_name, llvm::all_of(group_name, llvm::isDigit));
    auto gid = as_id(line ? (*line)[2] : group_name, "group");
    if (!gid)
      return gid.takeError();
    out.gid = *gid;
  }
  return out;
}

} // namespace nemo::image
