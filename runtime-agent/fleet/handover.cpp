#include "runtime-agent/fleet/handover.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"

namespace nemo::agent::fleet {

namespace {

size_t size_of(const Handover::Item &item) {
  const auto *message = std::get_if<link::Message>(&item);
  return sizeof(item) + (message ? message->data.size() + message->subject.size() : 0);
}

} // namespace

llvm::Expected<std::unique_ptr<Handover>> Handover::create(Loop &loop,
                                                           std::function<void(Item)> take) {
  std::unique_ptr<Handover> made(new Handover(loop, std::move(take)));
  made->event_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!made->event_)
    return system_failure(errno, "eventfd");
  if (auto error =
          loop.watch(made->event_.get(), EPOLLIN, [self = made.get()](uint32_t) { self->drain(); }))
    return error;
  return made;
}

Handover::~Handover() {
  if (event_)
    loop_.forget(event_.get());
}

void Handover::put(Item item) {
  {
    const std::lock_guard lock(mutex_);
    if (held_ + size_of(item) > most)
      return;
    held_ += size_of(item);
    waiting_.push_back(std::move(item));
  }
  const uint64_t one = 1;
  (void)!::write(event_.get(), &one, sizeof one); // fails only where it is set already
}

void Handover::drain() {
  uint64_t count = 0;
  (void)!::read(event_.get(), &count, sizeof count);
  std::vector<Item> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(waiting_);
    held_ = 0;
  }
  for (Item &item : taken)
    take_(std::move(item));
}

} // namespace nemo::agent::fleet
