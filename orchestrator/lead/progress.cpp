#include "orchestrator/lead/progress.h"

#include <algorithm>

#include <fmt/format.h>

namespace nemo::lead {

void Progress::round(bool well, Ms now) {
  ended_ = now;
  if (!well)
    return;
  well_ = now;
  if (!leads_)
    return; // who follows has done nothing that the lead is needed for
  patience_ = settings_.patience;
  gives_back_ = false;
  why_.clear();
}

Stand Progress::stand(bool leads, Ms now) {
  if (leads && !leads_)
    since_ = now;
  leads_ = leads;
  gives_back_ = gives_back_ && leads;
  if (leads && !gives_back_ && now - std::max(since_, well_) >= patience_) {
    gives_back_ = true;
    why_ = (ended_ > std::max(since_, well_) ? "nothing that this controller tried has succeeded"
                                             : "this controller's loop has not come round") +
           fmt::format(" for {} s", std::chrono::floor<std::chrono::seconds>(patience_).count());
    patience_ = std::min(patience_ * 2, settings_.longest);
  }
  if (gives_back_ || (!leads && now - ended_ >= settings_.patience))
    return Stand::aside;
  return why_.empty() ? Stand::first : Stand::last;
}

} // namespace nemo::lead
