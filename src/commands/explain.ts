// mailcert explain: what a port, a label or a finding means, in the words of mail programs and of servers.
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { explainDocument, explainText } from "../reports/explain.ts";
import { explain, knownWords } from "../usecases/explain.ts";

export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument("<word...>", "a port (993), a label of a mail program (SSL), a finding (cert-name)")
      .addHelpText(
        "after",
        `
Known words: ${knownWords().join(", ")}

Examples:
  mailcert explain 587
  mailcert explain "TLS (old Outlook)"
  mailcert explain st-auth-clear
${exitStatusHelp([0, 64])}`,
      ),
  run: async ({ args, output }) => {
    const word = args.join(" ");
    const found = explain(word);
    output.result(explainText(found, output.width), explainDocument(word, found));
    return exitStatus.done;
  },
};
