// nemo completion: the script that makes a shell complete nemo.
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "cli/shells.h"

namespace nemo::cli {

void add_completion(CLI::App &app, Session &session) {
  auto shell = std::make_shared<std::string>();
  CLI::App *command =
      app.add_subcommand("completion", "Print the script that lets a shell complete nemo")
          ->group(group_more)
          ->fallthrough();
  command->add_option("SHELL", *shell, "Which shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Commands, flags, and names from the intent files and from what runs are completed. "
      "Packages\n"
      "and `cmake --install` put the scripts where the shells look for them.\n\n"
      "Examples:\n"
      "  source <(nemo completion bash)\n"
      "  nemo completion zsh > ~/.zfunc/_nemo    # with fpath+=~/.zfunc before compinit\n"
      "  nemo completion fish > ~/.config/fish/completions/nemo.fish");
  command->callback([shell, &session] {
    session.run = [shell, &session] {
      session.out << (*shell == "bash"  ? shells::bash
                      : *shell == "zsh" ? shells::zsh
                                        : shells::fish);
      return ok;
    };
  });
}

} // namespace nemo::cli
