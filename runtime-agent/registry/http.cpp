#include "runtime-agent/registry/http.h"

#include <memory>
#include <optional>

#include <curl/curl.h>

#include "llvm/ADT/STLExtras.h"

#include "base/error.h"

namespace nemo::registry {

char Interrupted::ID = 0;

namespace {

constexpr int kMostRedirections = 5;
constexpr long kConnectSeconds = 20, kStalledSeconds = 30;
constexpr long kStalledBytes = 256; ///< a second: slower than that for so long is an interruption
constexpr size_t kMostHeaderBytes = 64 << 10;
constexpr uint64_t kMostUnwanted = 64 << 10; ///< of a body that only says what is wrong

using Url = std::unique_ptr<CURLU, void (*)(CURLU *)>;

std::string part_of(CURLU *url, CURLUPart part, unsigned flags = 0) {
  char *text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK || text == nullptr)
    return {};
  std::string out = text;
  curl_free(text);
  return out;
}

Url parse_url(const std::string &text) {
  Url url(curl_url(), curl_url_cleanup);
  if (url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    url.reset();
  return url;
}

std::string origin_of(const std::string &text) {
  const Url url = parse_url(text);
  return url ? fmt::format("{}://{}:{}", part_of(url.get(), CURLUPART_SCHEME),
                           part_of(url.get(), CURLUPART_HOST),
                           part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT))
             : std::string();
}

/// What goes on while one transfer runs.
struct Transfer {
  const Request &request;
  CURL *curl;
  Response response;
  size_t header_bytes = 0;
  uint64_t next = 0; ///< where the next piece belongs
  uint64_t unwanted = 0;
  std::optional<uint64_t> range_start;
  llvm::Error error = llvm::Error::success();
};

size_t take_header(char *data, size_t size, size_t count, void *user) {
  Transfer &transfer = *static_cast<Transfer *>(user);
  llvm::StringRef line(data, size * count);
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > kMostHeaderBytes)
    return 0;
  if (line.startswith("HTTP/")) { // of the final answer only
    transfer.response = {};
    transfer.range_start.reset();
  }
  auto [name, value] = line.split(':');
  value = value.trim();
  if (name.equals_insensitive("www-authenticate")) {
    transfer.response.challenges.push_back(value.str());
  } else if (name.equals_insensitive("content-type")) {
    transfer.response.content_type = value.split(';').first.trim().str();
  } else if (name.equals_insensitive("content-range")) {
    uint64_t start = 0;
    if (value.consume_front_insensitive("bytes ") && !value.consumeInteger(10, start))
      transfer.range_start = start;
  }
  return size * count;
}

size_t take_body(char *data, size_t size, size_t count, void *user) {
  Transfer &transfer = *static_cast<Transfer *>(user);
  const llvm::StringRef piece(data, size * count);
  long status = 0;
  curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200 && status != 206) {
    transfer.unwanted += piece.size();
    return transfer.unwanted > kMostUnwanted ? 0 : piece.size();
  }
  if (status == 206 && transfer.range_start.value_or(0) != transfer.request.from) {
    transfer.error = llvm::joinErrors(
        std::move(transfer.error),
        failure("it was asked for the bytes from {} on, and sent others", transfer.request.from));
    return 0;
  }
  const uint64_t base = status == 206 ? transfer.request.from : 0;
  if (transfer.request.take)
    if (auto error = transfer.request.take(static_cast<int>(status), base + transfer.next, piece)) {
      transfer.error = llvm::joinErrors(std::move(transfer.error), std::move(error));
      return 0;
    }
  transfer.next += piece.size();
  return piece.size();
}

bool is_interruption(CURLcode code) {
  return llvm::is_contained({CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR,
                             CURLE_OPERATION_TIMEDOUT, CURLE_GOT_NOTHING, CURLE_COULDNT_CONNECT,
                             CURLE_HTTP2, CURLE_HTTP2_STREAM},
                            code);
}

} // namespace

llvm::Error check_step(const std::string &from, const std::string &to) {
  const Url before = parse_url(from), after = parse_url(to);
  if (before && after && part_of(before.get(), CURLUPART_SCHEME) == "https" &&
      part_of(after.get(), CURLUPART_SCHEME) != "https")
    return failure("{} is not asked, as who names it was asked with TLS", to.substr(0, 200));
  return llvm::Error::success();
}

Http::Http(std::vector<std::string> plain) : plain_(std::move(plain)) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_ = curl_easy_init();
}

Http::~Http() {
  curl_easy_cleanup(curl_);
  curl_global_cleanup();
}

bool Http::may_be_plain(llvm::StringRef host) const {
  const Url url = parse_url("http://" + host.str() + "/");
  const std::string name = url ? part_of(url.get(), CURLUPART_HOST) : std::string();
  // A name that merely looks like an address of this machine is not one: a dotted quad is.
  const bool here = name == "localhost" || name == "[::1]" || name == "127.0.0.1";
  return here || llvm::is_contained(plain_, host);
}

llvm::Error Http::check_url(const std::string &text) const {
  const Url url = parse_url(text);
  if (!url)
    return failure("'{}' is not a URL", text.substr(0, 200));
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  const std::string host = part_of(url.get(), CURLUPART_HOST);
  const std::string port = part_of(url.get(), CURLUPART_PORT);
  if (!part_of(url.get(), CURLUPART_USER).empty())
    return failure("a URL with a user's name in it is not followed");
  if (scheme == "https")
    return llvm::Error::success();
  const std::string whole = port.empty() ? host : host + ":" + port;
  if (scheme == "http" && may_be_plain(whole))
    return llvm::Error::success();
  return failure("{}://{} is not asked: only https is, and http on this machine and on hosts that "
                 "are listed under \"plain-http\"",
                 scheme, whole);
}

llvm::Expected<Response> Http::get_once(const Request &request, std::string &redirected) {
  CURL *curl = curl_;
  curl_easy_reset(curl);
  Transfer transfer{request, curl, {}};
  char text[CURL_ERROR_SIZE] = "";
  std::unique_ptr<curl_slist, void (*)(curl_slist *)> headers(nullptr, curl_slist_free_all);
  const auto add_header = [&headers](const std::string &line) {
    curl_slist *longer = curl_slist_append(headers.get(), line.c_str());
    (void)headers.release();
    headers.reset(longer);
  };
  if (!request.accept.empty())
    add_header("Accept: " + request.accept);
  if (!request.authorization.empty())
    add_header("Authorization: " + request.authorization);
  if (request.from != 0) // not CURLOPT_RANGE, which would take a whole body for a fault
    add_header(fmt::format("Range: bytes={}-", request.from));
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kStalledBytes);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStalledSeconds);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "nemo");
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  const CURLcode code = curl_easy_perform(curl);
  if (transfer.error)
    return std::move(transfer.error);
  if (code != CURLE_OK) {
    const std::string why = *text != '\0' ? text : curl_easy_strerror(code);
    if (is_interruption(code))
      return llvm::make_error<Interrupted>(why);
    return failure("{}", why);
  }
  long status = 0;
  char *location = nullptr;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
  if (location != nullptr && status >= 300 && status < 400)
    redirected = location;
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

llvm::Expected<Response> Http::get(const Request &request) {
  if (curl_ == nullptr)
    return failure("out of memory");
  Request now = request;
  for (int i = 0; i <= kMostRedirections; ++i) {
    if (auto error = check_url(now.url))
      return error;
    std::string next;
    auto response = get_once(now, next);
    if (response && next.empty())
      response->elsewhere = origin_of(now.url) != origin_of(request.url);
    if (!response || next.empty())
      return response;
    if (auto error = check_step(now.url, next))
      return error;
    if (origin_of(next) != origin_of(now.url))
      now.authorization.clear();
    now.url = next;
  }
  return failure("it redirects more than {} times", kMostRedirections);
}

} // namespace nemo::registry
