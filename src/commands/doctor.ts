// mailcert doctor: everything that would make the other commands fail, with the one command that mends each.
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { Failure } from "../domain/failure.ts";
import { doctorDocument, doctorText } from "../reports/doctor.ts";
import { doctor, knownToDoctor } from "../usecases/doctor/doctor.ts";
import { knownNames } from "./chosen-certificates.ts";

export const command: CommandModule = {
  declare: (command) =>
    void command.argument("[name...]", "certificates (default: all, and what is there without any)").addHelpText(
      "after",
      `
Looks at rights, at what each server can read as its own user, at SELinux and
AppArmor, at the servers' own configuration tests, ports, DNS, the CA, the clock,
the disk, other ACME clients, the schedule, an upgrade of Dovecot, and the state.
Changes nothing. A line "run: ..." is one command for root's shell that mends it.
Exits with 1 where something is a fault.

Examples:
  mailcert doctor
  mailcert doctor --json mail.example.org
${exitStatusHelp([0, 1, 64])}`,
    ),
  run: async ({ args, output, world }) => {
    const here = await world();
    const known = args.length === 0 ? [] : await knownToDoctor(here);
    const unknown = args.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw new Failure("usage", `no certificate is named "${unknown.slice(0, 100)}"`, { hints: [knownNames(known)] });
    }
    const result = await doctor(here, args);
    output.result(doctorText(result), doctorDocument(result), !result.ok);
    return result.ok ? exitStatus.done : exitStatus.findings;
  },
};
