// mailcert explain: what a port, a label, a finding or a line of a log means, in the words of mail programs and of servers.
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { explainDocument, explainText } from "../reports/explain.ts";
import { explain, knownWords } from "../usecases/explain.ts";

export const command: CommandModule = {
  completion: { takes: { word: { words: knownWords } } },
  declare: (command) =>
    void command
      .argument(
        "<word...>",
        "ports (993), labels of a mail program (SSL), findings (cert-name, deploy-stale), what a program or a log says",
      )
      .addHelpText(
        "after",
        `
Known words: ${knownWords().join(", ")}

Examples:
  mailcert explain 587
  mailcert explain "TLS (old Outlook)"
  mailcert explain st-auth-clear
  mailcert explain "wrong version number"
${exitStatusHelp([0, 64])}`,
      ),
  run: async ({ args, output }) => {
    const found = explain(args);
    output.result(explainText(found, output.width), explainDocument(args.join(" "), found));
    return exitStatus.done;
  },
};
