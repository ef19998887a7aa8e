// One member of the fleet at the broker, who may decide or read: what nodes have reported, and what
// this member has seen of them, so that nobody can show it an older report as news.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/link/connection.h"
#include "protocol/transport.pb.h"

namespace nemo::backends::fleet {

using link::milliseconds;

/// What a node says of itself, verified.
struct Reported {
  std::optional<proto::NodeState>
      state; ///< absent: the report is not to be believed; `why` says it
  std::string why;
  std::string sealing_key; ///< empty: none that holds
};

/// A value of a bucket and the revision to replace; revision 0: there is none.
struct Stored {
  std::string value;
  uint64_t revision = 0;
};

class Member {
public:
  static llvm::Expected<std::unique_ptr<Member>> open(const std::string &directory);

  const membership::Member &membership() const { return membership_; }
  link::Connection &broker() { return *connection_; }
  trust::SpiffeId node_id(llvm::StringRef node) const {
    return {membership_.id().fleet, trust::Role::node, node.str()};
  }
  trust::Trust trust() { return membership_.trust(&paths_); }

  /// Every node that has ever reported, by the broker's word.
  llvm::Expected<std::vector<std::string>> nodes();
  /// The last value of each subject, empty where there is none; all are asked for at once.
  /// \param may_lack  their bucket need not be there: the fleet's service may be older than this.
  llvm::Expected<std::vector<Stored>> read(const std::vector<std::string> &subjects,
                                           bool may_lack = false);

  /// \param value  a NodeReported, from anywhere.
  Reported judge(const std::string &node, llvm::StringRef value);
  /// When it issued the report, which may have run out; nothing where it is not the node's own.
  std::optional<UnixNanos> issued(const std::string &node, llvm::StringRef value);
  /// What an operator has said last of whether the node takes anything new. \param value  from
  /// anywhere; empty: nobody has said anything, which is an error where somebody is known to have.
  llvm::Expected<proto::CordonOrder> judge_cordon(const std::string &node, llvm::StringRef value);
  /// What was accepted last, also by another process of this member's: it stands while the broker
  /// shows none that is newer. Nothing: nobody has said anything yet.
  std::optional<proto::CordonOrder> kept_cordon(const std::string &node);
  /// Of the last that was accepted.
  const trust::Mark &cordon_mark(const std::string &node) const {
    return seen_.mark(proto::Signed::CORDON, node);
  }
  /// Keeps what judge() and judge_cordon() have accepted, on the disk.
  llvm::Error remember();

  /// A newer certificate where it is time for one, at most once a minute: who looks on for days
  /// would sign with one that has ended.
  llvm::Error freshen();
  /// The same, and what follows from it: a connection with that certificate, and newer revocations.
  /// Nothing that was subscribed to before hears any more.
  llvm::Error renew_connection();

private:
  explicit Member(membership::Member membership) : membership_(std::move(membership)) {}
  llvm::Error connect();
  llvm::Error take_revocations();
  llvm::Expected<const trust::Verified *> verify(trust::Kind kind, const std::string &node,
                                                 llvm::StringRef bytes);
  llvm::Error take_delegation();

  membership::Member membership_;
  trust::Paths paths_;
  trust::Guard seen_;
  /// The last of each kind and node: what is read again is mostly the same.
  struct Known {
    std::string bytes;
    trust::Verified verified;
    UnixNanos again; ///< it is verified anew, as certificates end and are revoked
  };
  std::map<std::pair<trust::Kind, std::string>, Known> known_;
  std::map<std::string, std::string> cordons_; ///< by node: the last Signed of kind CORDON
  std::set<std::string> unsaved_cordons_;
  std::unique_ptr<link::Connection> connection_;
  UnixNanos connected_as_; ///< when the certificate of the connection began
  std::chrono::steady_clock::time_point freshened_, looked_;
};

/// What follows `prefix` ("$KV.BUCKET." or more) in the keys of its bucket, where it is a name.
/// \param may_lack  as in Member::read().
llvm::Expected<std::vector<std::string>> keys_of(link::Connection &broker, llvm::StringRef prefix,
                                                 bool may_lack = false);

} // namespace nemo::backends::fleet
