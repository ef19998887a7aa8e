// One GET over HTTP(S), as a registry's client needs it: https, or http where that was allowed;
// every redirection is looked at before it is followed, and credentials stay with the host that
// they are for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo::registry {

struct Request {
  std::string url;
  std::string authorization; ///< value of that header, for this host alone; may be empty
  std::string accept;        ///< likewise
  uint64_t from = 0;         ///< asks for the bytes from here on
  /// Called with each piece of a body that is wanted (status 200 or 206). Returning an error ends
  /// the transfer, and is the error of get().
  std::function<llvm::Error(int status, uint64_t first, llvm::StringRef piece)> take;
};

struct Response {
  int status = 0;
  std::string content_type;
  std::vector<std::string> challenges; ///< values of WWW-Authenticate
  bool elsewhere = false; ///< of another origin than was asked, which a redirection led to
};

/// A connection was lost, or nothing came any more: asking again may help.
class Interrupted : public llvm::ErrorInfo<Interrupted, llvm::StringError> {
public:
  static char ID;
  explicit Interrupted(const std::string &text) : ErrorInfo(text, llvm::inconvertibleErrorCode()) {}
};

/// Whether what an answer of `from` names is asked: not in the clear, when `from` was not.
llvm::Error check_step(const std::string &from, const std::string &to);

class Http {
public:
  /// \param plain  hosts ("host:port") that may be asked without TLS, beside those of this machine.
  explicit Http(std::vector<std::string> plain);
  ~Http();
  Http(const Http &) = delete;
  Http &operator=(const Http &) = delete;

  /// Follows at most five redirections. Any status is a response; an error is that none came.
  llvm::Expected<Response> get(const Request &request);
  /// Whether a host may be asked in the clear.
  bool may_be_plain(llvm::StringRef host) const;

private:
  llvm::Error check_url(const std::string &url) const;
  llvm::Expected<Response> get_once(const Request &request, std::string &redirected);

  std::vector<std::string> plain_;
  void *curl_ = nullptr; ///< keeps its connections
};

} // namespace nemo::registry
