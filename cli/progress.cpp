#include "cli/progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "compiler/plan/table.h"

#include "cli/units.h"

namespace nemo::cli {

using orchestrator::ActionState;
using orchestrator::Clock;
using orchestrator::Phase;
using plan::Tone;

namespace {

struct Look {
  const char *mark;
  Tone tone;
};

Look look_of(Phase phase) {
  switch (phase) {
  case Phase::done:
    return {"✓", Tone::good};
  case Phase::handed_over:
    return {"→", Tone::good};
  case Phase::failed:
    return {"✗", Tone::bad};
  case Phase::blocked:
    return {"∅", Tone::bad};
  case Phase::running:
    return {"…", Tone::changed};
  case Phase::waiting:
    break;
  }
  return {"·", Tone::faint};
}

bool open(Phase phase) { return phase == Phase::waiting || phase == Phase::running; }

} // namespace

void Progress::event(llvm::json::Object fields, llvm::ArrayRef<Diagnostic> diagnostics) {
  if (!diagnostics.empty()) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    render_json(stream, diagnostics);
    if (auto document = llvm::json::parse(text))
      if (auto *object = document->getAsObject())
        if (const llvm::json::Value *list = object->get("diagnostics"))
          fields["diagnostics"] = *list;
  }
  fields["version"] = 1;
  fields["time"] = to_rfc3339(now());
  print_line(session_.out, std::move(fields));
}

void Progress::planned(const proto::Plan &plan) {
  if (form_ != Form::json)
    return;
  std::string text;
  llvm::raw_string_ostream stream(text);
  plan::print_json(stream, plan);
  llvm::json::Object fields{{"event", "plan"}};
  if (auto document = llvm::json::parse(text))
    fields["plan"] = std::move(*document);
  else
    llvm::consumeError(document.takeError());
  event(std::move(fields));
}

void Progress::delivered(const std::string &node, uint64_t generation) {
  if (form_ == Form::json)
    return event(llvm::json::Object{
        {"event", "delivered"}, {"node", node}, {"generation", static_cast<int64_t>(generation)}});
  session_.out << fmt::format("Delivered to {} (generation {}).\n", node, generation);
  session_.out.flush();
}

std::string Progress::line(const Row &row) const {
  const ActionState &state = row.state;
  const auto [mark, tone] = look_of(state.phase);
  const bool color = session_.style().color;
  std::string text = fmt::format("  {} {} on {}", plan::painted(mark, tone, color),
                                 state.action.id(), state.action.node());
  std::string rest = state.detail;
  if (rest.empty() && state.phase != Phase::done)
    rest = to_text(state.phase);
  rest = on_one_line(std::move(rest));
  // A line that wraps would take two, and the next redraw would start too low.
  if (form_ == Form::redrawn) {
    const size_t used = state.action.id().size() + state.action.node().size() + 24;
    const size_t room = session_.width() > used ? session_.width() - used : 0;
    if (rest.size() > room) {
      rest.resize(room);
      while (!llvm::json::isUTF8(rest)) // not in the middle of a character
        rest.pop_back();
    }
  }
  if (!rest.empty())
    text += plan::painted("  " + rest, Tone::faint, color);
  return text;
}

void Progress::action(const ActionState &state) {
  if (form_ == Form::json)
    return event(llvm::json::Object{{"event", "action"},
                                    {"id", state.action.id()},
                                    {"verb", state.action.verb()},
                                    {"object", state.action.object()},
                                    {"node", state.action.node()},
                                    {"state", to_text(state.phase)},
                                    {"detail", state.detail}});
  // What stays as it is is worth a line only when it is not well.
  if (state.action.verb() == "keep" && state.phase == Phase::done)
    return;
  const auto known = std::find_if(rows_.begin(), rows_.end(), [&](const Row &row) {
    return row.state.action.id() == state.action.id();
  });
  Row row{state, known == rows_.end() ? Clock::now() : known->since};
  if (known != rows_.end())
    *known = row;
  else
    rows_.push_back(row);
  if (form_ == Form::lines) {
    session_.out << line(row) << '\n';
    session_.out.flush();
  }
}

void Progress::tick() {
  if (form_ != Form::redrawn || rows_.empty())
    return;
  std::string screen = drawn_ == 0 ? "" : fmt::format("\x1b[{}A", drawn_);
  const plan::PrintStyle style = session_.style();
  for (const Row &row : rows_) {
    std::string text = line(row);
    if (open(row.state.phase))
      text +=
          plan::painted(" " + show_duration(Clock::now() - row.since), Tone::faint, style.color);
    screen += "\x1b[2K" + text + '\n';
  }
  drawn_ = rows_.size();
  session_.out << screen;
  session_.out.flush();
}

void Progress::ended(const char *outcome, int code, llvm::ArrayRef<Diagnostic> diagnostics) {
  if (form_ != Form::json)
    return tick();
  event(llvm::json::Object{{"event", "end"},
                           {"outcome", outcome},
                           {"exit_code", code},
                           {"diagnostics", llvm::json::Array()}},
        diagnostics);
}

} // namespace nemo::cli
