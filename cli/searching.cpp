#include "cli/searching.h"

#include <array>
#include <csignal>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/units.h"

namespace nemo::cli {

namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

void stop_searching(int) { stop = true; }

constexpr std::array<int, 2> signals = {SIGINT, SIGTERM};
std::array<struct sigaction, signals.size()> before;

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = stop_searching;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < signals.size(); ++i) {
    ::sigaction(signals[i], nullptr, &before[i]);
    if (before[i].sa_handler != SIG_IGN) // whoever started this does not want it interrupted
      ::sigaction(signals[i], &action, nullptr);
  }
}

void leave_signals() {
  for (size_t i = 0; i < signals.size(); ++i)
    ::sigaction(signals[i], &before[i], nullptr);
}

// "12.3457 EUR/h", or a plain number for what is not money.
std::string rate(int64_t nano_per_hour, bool in_euro) {
  return fmt::format("{:.4f}{}/h", static_cast<double>(nano_per_hour) / 1e9, in_euro ? " EUR" : "");
}

} // namespace

CLI::Option *add_effort(CLI::App &command, orchestrator::PlanRequest &request) {
  command
      .add_option("--effort", request.effort,
                  fmt::format("How hard to look for a better placement: steps of the search for "
                              "each replica; {} if not given",
                              placement::default_effort))
      ->check(CLI::Range(uint64_t{0}, uint64_t{1} << 40))
      ->type_name("N");
  return command
      .add_option("--seed", request.seed,
                  "Of the optimiser; the same seed and effort give the same plan")
      ->capture_default_str();
}

CLI::Option *add_search(CLI::App &command, orchestrator::PlanRequest &request,
                        std::string &time_limit) {
  command
      .add_option("--time-limit", time_limit,
                  "Look for better placements that long, like 30s; Ctrl-C ends it earlier")
      ->check(CLI::Validator(check_duration, ""))
      ->type_name("TIME");
  return add_effort(command, request);
}

Searching::Searching(const Session &session, const std::string &time_limit) : session_(session) {
  if (!time_limit.empty())
    time_limit_ = parse_duration(time_limit);
}

placement::Watch Searching::watch() {
  return {time_limit_, &stop, [this](const placement::Found &best) { found(best); }};
}

void Searching::found(const placement::Found &best) {
  const std::lock_guard lock(mutex_);
  best_ = best;
  if (catching_ || over_)
    return;
  catching_ = true;
  catch_signals();
  if (::isatty(STDERR_FILENO) == 1)
    drawer_ = std::thread([this] { draw(); });
}

void Searching::draw() {
  using namespace std::chrono_literals;
  std::unique_lock lock(mutex_);
  // What is over at once is not worth a line.
  for (auto wait = 500ms; !ended_.wait_for(lock, wait, [this] { return over_; }); wait = 200ms) {
    const auto took =
        std::chrono::floor<std::chrono::seconds>(std::chrono::steady_clock::now() - began_);
    const double size = std::max(1.0, std::abs(static_cast<double>(best_->value)));
    session_.err << "\r\x1b[K"
                 << fmt::format("Placing: {}, gap {:.2f} %, {}{}{}",
                                rate(best_->value, best_->in_euro),
                                100 * static_cast<double>(best_->value - best_->bound) / size,
                                show_duration(took),
                                time_limit_ ? " of " + show_duration(*time_limit_) : "",
                                stop ? ", ending" : "; Ctrl-C takes the best so far");
    session_.err.flush();
    drawn_ = true;
  }
}

void Searching::end() {
  {
    const std::lock_guard lock(mutex_);
    if (over_)
      return;
    over_ = true;
  }
  ended_.notify_all();
  if (drawer_.joinable())
    drawer_.join();
  if (drawn_) {
    session_.err << "\r\x1b[K";
    session_.err.flush();
  }
  if (catching_)
    leave_signals();
}

} // namespace nemo::cli
