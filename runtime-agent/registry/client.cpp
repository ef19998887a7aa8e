#include "runtime-agent/registry/client.h"

#include <curl/curl.h>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Base64.h"
#include "llvm/Support/JSON.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"

namespace nemo::registry {

namespace {

constexpr uint64_t kMostTokenBytes = 256 << 10;
constexpr int kMostTokenDepth = 16;

/// Keeps a body of at most `most` bytes.
Request collecting(std::string url, uint64_t most, std::string &into) {
  Request request;
  request.url = std::move(url);
  request.take = [most, &into](int, uint64_t, llvm::StringRef piece) -> llvm::Error {
    if (into.size() + piece.size() > most)
      return failure("its answer is larger than {} bytes", most);
    into += piece;
    return llvm::Error::success();
  };
  return request;
}

std::string escaped(const std::string &text) {
  char *coded = curl_easy_escape(nullptr, text.c_str(), static_cast<int>(text.size()));
  std::string out = coded ? coded : "";
  curl_free(coded);
  return out;
}

} // namespace

std::map<std::string, std::string> parse_challenge(llvm::StringRef challenge,
                                                   llvm::StringRef scheme) {
  std::map<std::string, std::string> out;
  if (!challenge.consume_front_insensitive(scheme) || !challenge.startswith(" "))
    return out;
  while (!(challenge = challenge.ltrim(" ,\t")).empty()) {
    const llvm::StringRef name =
        challenge.take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == '-'; });
    challenge = challenge.drop_front(name.size());
    if (name.empty() || !challenge.consume_front("="))
      return {};
    std::string value;
    if (challenge.consume_front("\"")) {
      while (!challenge.empty() && challenge.front() != '"') {
        if (challenge.front() == '\\')
          challenge = challenge.drop_front();
        if (challenge.empty())
          return {};
        value += challenge.front();
        challenge = challenge.drop_front();
      }
      if (!challenge.consume_front("\""))
        return {};
    } else {
      value = challenge.take_until([](char c) { return c == ',' || c == ' '; }).str();
      challenge = challenge.drop_front(value.size());
    }
    out[name.lower()] = std::move(value);
  }
  return out;
}

Client::Client(image::Reference reference, Settings settings)
    : reference_(std::move(reference)), settings_(std::move(settings)),
      http_(settings_.plain_http) {}

std::string Client::url(llvm::StringRef kind, llvm::StringRef name) const {
  // Docker's own registry answers under another name than images are known by.
  const std::string host =
      reference_.registry == "docker.io" ? "registry-1.docker.io" : reference_.registry;
  return fmt::format("{}://{}/v2/{}/{}/{}", http_.may_be_plain(host) ? "http" : "https", host,
                     reference_.repository, kind.str(), name.str());
}

std::string Client::basic() const {
  const auto found = settings_.credentials.find(reference_.registry);
  return found == settings_.credentials.end() ? std::string()
                                              : "Basic " + llvm::encodeBase64(found->second);
}

llvm::Error Client::answered(const Response &response, llvm::StringRef what) const {
  if (response.status == 200 || response.status == 206)
    return llvm::Error::success();
  if (response.status == 404)
    return failure("{} has no {} of {}", reference_.registry, what.str(), reference_.repository);
  if (response.status == 401 || response.status == 403)
    return failure("{} does not give {} of {} to {} (status {})", reference_.registry, what.str(),
                   reference_.repository,
                   basic().empty() ? "somebody without credentials" : "these credentials",
                   response.status);
  return failure("{} answers with status {} when asked for {} of {}", reference_.registry,
                 response.status, what.str(), reference_.repository);
}

llvm::Error Client::take_token(const std::map<std::string, std::string> &challenge) {
  const auto value = [&](const char *name) {
    const auto found = challenge.find(name);
    return found == challenge.end() ? std::string() : found->second;
  };
  std::string scope = value("scope");
  if (scope.empty())
    scope = "repository:" + reference_.repository + ":pull";
  const std::string realm = value("realm");
  if (auto error = check_step(url("manifests", ""), realm))
    return error;
  std::string text;
  Request request = collecting(fmt::format("{}{}service={}&scope={}", realm,
                                           realm.find('?') == std::string::npos ? "?" : "&",
                                           escaped(value("service")), escaped(scope)),
                               kMostTokenBytes, text);
  request.authorization = basic();
  auto response = http_.get(request);
  if (!response)
    return response.takeError();
  if (response->status != 200)
    return failure("{} gives no token for {} (status {})", realm, reference_.repository,
                   response->status);
  if (nests_deeper(text, kMostTokenDepth))
    return failure("the answer of {} holds no token", realm);
  auto json = llvm::json::parse(text);
  if (!json) {
    llvm::consumeError(json.takeError());
    return failure("the answer of {} is not JSON", realm);
  }
  const llvm::json::Object *object = json->getAsObject();
  auto token = object ? object->getString("token") : std::nullopt;
  if (object && !token)
    token = object->getString("access_token");
  if (!token || token->empty() || !llvm::all_of(*token, [](char c) { return c > ' ' && c < 0x7f; }))
    return failure("the answer of {} holds no token", realm);
  authorization_ = "Bearer " + token->str();
  return llvm::Error::success();
}

llvm::Error Client::authorise(const Response &refusal) {
  for (const std::string &one : refusal.challenges)
    if (const auto bearer = parse_challenge(one, "Bearer"); bearer.count("realm"))
      return take_token(bearer);
  for (const std::string &one : refusal.challenges)
    if (!parse_challenge(one, "Basic").empty() && !basic().empty())
      authorization_ = basic();
  return llvm::Error::success(); // the second answer says what is wrong
}

llvm::Expected<Response> Client::ask(Request request) {
  request.authorization = authorization_;
  auto response = http_.get(request);
  // Whom the registry merely redirects to has no say in where its password is sent.
  if (!response || response->status != 401 || response->elsewhere)
    return response;
  if (auto error = authorise(*response))
    return error;
  request.authorization = authorization_;
  return http_.get(request);
}

llvm::Expected<std::string> Client::manifest(const std::string &name) {
  std::string text;
  Request request = collecting(url("manifests", name), image::kMostManifestBytes, text);
  request.accept = image::accepted_manifests();
  auto response = ask(std::move(request));
  if (!response)
    return response.takeError();
  if (auto error = answered(*response, name))
    return error;
  if (const std::string wanted = image::hex_of(name); !wanted.empty() && sha256(text) != wanted)
    return failure("{} sent something else than was asked for: its digest is {}, not {}",
                   reference_.registry, sha256(text), wanted);
  return text;
}

} // namespace nemo::registry
