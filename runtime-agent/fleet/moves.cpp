#include "runtime-agent/fleet/moves.h"

#include "base/error.h"
#include "protocol/peer.pb.h"

namespace nemo::agent::fleet {

namespace {

constexpr size_t most_arriving = 8; ///< at a time: each is a machine
constexpr Ticks answer_within = 5'000;

/// One word, and the end of the stream.
void say(Loop &loop, Fd stream, migrate::Kind kind, const std::string &why) {
  migrate::Channel(loop, std::move(stream), {[](const migrate::Frame &) {}, [](std::string) {}})
      .say(kind, why);
}

Arrival how(migrate::Arrived::How how) {
  switch (how) {
  case migrate::Arrived::How::runs:
    return Arrival::runs;
  case migrate::Arrived::How::lost:
    return Arrival::lost;
  case migrate::Arrived::How::dropped:
    break;
  }
  return Arrival::dropped;
}

Left::How how(migrate::Left::How how) {
  switch (how) {
  case migrate::Left::How::gone:
    return Left::How::gone;
  case migrate::Left::How::unknown:
    return Left::How::unknown;
  case migrate::Left::How::kept:
    break;
  }
  return Left::How::kept;
}

} // namespace

Moves::Moves(Loop &loop, Agent &agent, Connect connect)
    : loop_(loop), agent_(agent), connect_(std::move(connect)) {
  agent_.use(
      {[this](const Mover::Leave &what) { leave(what); },
       [this](const Mover::Leave &what) { ask(what); },
       [this](const std::string &move, const std::string &control) { resume(move, control); },
       [this](const std::string &move, const std::string &why) { call_off(move, why); }});
}

Moves::~Moves() {
  for (auto &[move, asking] : asking_)
    loop_.cancel(asking.deadline);
}

void Moves::connect(const Mover::Leave &what, Done done) {
  proto::PeerHello hello;
  *hello.mutable_move() = what.offer;
  connect_(what.node, hello.SerializeAsString(),
           [alive = std::weak_ptr(alive_), done = std::move(done)](llvm::Expected<Fd> stream) {
             if (!alive.expired())
               done(std::move(stream));
             else if (!stream)
               llvm::consumeError(stream.takeError());
           });
}

void Moves::leave(const Mover::Leave &what) {
  leaving_[what.offer.id()] = nullptr;
  connect(what, [this, what](llvm::Expected<Fd> stream) {
    if (stream && leaving_.count(what.offer.id()))
      return begin(what, std::move(*stream));
    const bool wanted = leaving_.erase(what.offer.id()) != 0;
    const std::string why = stream ? "" : llvm::toString(stream.takeError());
    if (wanted)
      agent_.left(what.offer.id(), {.why = why});
  });
}

void Moves::begin(const Mover::Leave &what, Fd stream) {
  const std::string move = what.offer.id();
  leaving_[move] =
      migrate::Leaving::start(loop_, what.control, std::move(stream), {},
                              {[this, move] { return agent_.give_away(move); },
                               [this, move](migrate::Left left) {
                                 leaving_.erase(move);
                                 agent_.left(move, {how(left.how), std::move(left.why), left.began,
                                                    left.never, left.bytes, left.stood_still});
                               }});
}

void Moves::call_off(const std::string &move, const std::string &why) {
  if (const auto found = leaving_.find(move); found != leaving_.end()) {
    if (found->second)
      return found->second->call_off(why);
    leaving_.erase(found);
    loop_.at(0, [this, alive = std::weak_ptr(alive_), move, why] {
      if (!alive.expired())
        agent_.left(move, {.why = why});
    });
  }
  if (const auto found = arriving_.find(move); found != arriving_.end())
    found->second->call_off(why);
}

void Moves::ask(const Mover::Leave &what) {
  const std::string move = what.offer.id();
  connect(what, [this, move](llvm::Expected<Fd> stream) {
    if (!stream) {
      llvm::consumeError(stream.takeError());
      return agent_.told(move, std::nullopt);
    }
    Asking &asking = asking_[move];
    loop_.cancel(asking.deadline);
    asking.deadline = loop_.at(ticks() + answer_within, [this, move] { answered(move, {}); });
    // Answered in a round of its own: the channel ends with that.
    const auto later = [this, move](std::optional<bool> runs) {
      Asking &one = asking_.at(move);
      loop_.cancel(one.deadline);
      one.deadline = loop_.at(0, [this, move, runs] { answered(move, runs); });
    };
    const auto told = std::make_shared<bool>(false);
    asking.channel = std::make_unique<migrate::Channel>(
        loop_, std::move(*stream),
        migrate::Channel::Handlers{[later, told](const migrate::Frame &frame) {
                                     if (!std::exchange(*told, true))
                                       later(frame.kind == migrate::Kind::runs ? std::optional(true)
                                             : frame.kind == migrate::Kind::no
                                                 ? std::optional(false)
                                                 : std::nullopt);
                                   },
                                   [later, told](std::string) {
                                     if (!std::exchange(*told, true))
                                       later(std::nullopt);
                                   }});
  });
}

void Moves::answered(const std::string &move, std::optional<bool> runs) {
  asking_.erase(move);
  agent_.told(move, runs);
}

/// What is said here holds for ever: an arrival that is not this node's by now ends with a "no".
void Moves::answer(const std::string &move, Fd stream) {
  if (const auto found = arriving_.find(move); found != arriving_.end())
    found->second->call_off("the other node asks what has become of it");
  auto taken = agent_.has_taken(move);
  if (!taken)
    return llvm::consumeError(taken.takeError()); // it asks again
  say(loop_, std::move(stream), *taken ? migrate::Kind::runs : migrate::Kind::no,
      "it was not taken");
}

void Moves::take_stream(const std::string &node, const proto::MoveOffer &offer, Fd stream) {
  const std::string move = offer.id();
  if (offer.ask())
    return answer(move, std::move(stream));
  if (arriving_.size() >= most_arriving || arriving_.count(move))
    return say(loop_, std::move(stream), migrate::Kind::no, "others are on their way here");
  const Reception reception = agent_.receive(node, offer);
  if (reception.control.empty())
    return say(loop_, std::move(stream), reception.never ? migrate::Kind::never : migrate::Kind::no,
               reception.why);
  arriving_[move] = migrate::Arriving::start(loop_, reception.control, std::move(stream), {},
                                             {[this, move] { return agent_.take(move); },
                                              [this, move](migrate::Arrived arrived) {
                                                arriving_.erase(move);
                                                agent_.arrived(move, how(arrived.how), arrived.why);
                                              }});
}

void Moves::resume(const std::string &move, const std::string &control) {
  resuming_[move] = migrate::Resuming::start(loop_, control, [this, move](llvm::Error problem) {
    resuming_.erase(move);
    agent_.resumed(move, std::move(problem));
  });
}

} // namespace nemo::agent::fleet
