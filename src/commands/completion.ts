// mailcert completion: the script with which a shell completes what is typed behind mailcert.
import { Argument } from "commander";
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { type Shell, shells } from "../usecases/completion-tools.ts";

export const command: CommandModule = {
  declare: (command) =>
    void command.addArgument(new Argument("<shell>", "which shell's script").choices(shells)).addHelpText(
      "after",
      `
The script asks mailcert itself for each word: commands, options and what they take,
certificates of a configuration that whoever types may read, findings, files.

For all users of a host (a package of mailcert brings them):
  bash  /usr/share/bash-completion/completions/mailcert
  zsh   /usr/share/zsh/vendor-completions/_mailcert
  fish  /usr/share/fish/vendor_completions.d/mailcert.fish

Examples:
  mailcert completion bash >/usr/share/bash-completion/completions/mailcert
  source <(mailcert completion zsh)
  mailcert completion fish | source
${exitStatusHelp([0, 64])}`,
    ),
  run: async ({ args: [given], output, world }) => {
    const shell = given as Shell;
    const script = (await (await world()).completing()).script(shell);
    output.result(script, { schema: "mailcert.completion/1", ok: true, shell, script });
    return exitStatus.done;
  },
};
