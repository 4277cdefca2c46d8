// Look: the configuration can be read, and nothing in it means nothing.
import { type DoctorFinding, type Looked, nothing, ofFindings, unseenBy } from "../../domain/doctor/finding.ts";
import { counted, few } from "../../domain/doctor/words.ts";
import type { ConfigProblem } from "../../domain/config-problem.ts";
import { configWarnings } from "../../domain/config-warnings.ts";
import { Failure } from "../../domain/failure.ts";
import { checkConfig } from "../check-config.ts";
import { namesIn, readableState, unlessFailure } from "../unless-failure.ts";
import type { World } from "../world.ts";
import type { Look } from "./look.ts";

const check = "doctor-configuration";

/** `/etc/x is not read, for ...: mv a b` -> the command behind the colon. */
const warned = (sentence: string): DoctorFinding => {
  const [, message, command] = /^(.*): ((?:chmod|mv) \S+ .*)$/.exec(sentence) ?? [];
  return message === undefined || command === undefined
    ? { check, severity: "warning", message: sentence }
    : { check, severity: "warning", message, command };
};

/** Certificates that servers have. */
const servedOf = ({ store }: World): readonly string[] =>
  namesIn(store).filter((name) => {
    const kept = readableState({ store }, name);
    return kept !== undefined && !kept.parked && Object.keys(kept.deployments).length > 0;
  });

/** What every run would fail at. */
const asFault = ({ file, line, message, hint, command }: ConfigProblem): DoctorFinding => ({
  check,
  severity: "fault",
  message: `${message} (${file} line ${line})`,
  ...(command === undefined ? {} : { command }),
  ...(hint === undefined ? {} : { hint }),
});

export const configurationLook: Look = {
  id: "configuration",
  title: "configuration",
  look: async ({ world, certificates, configTrouble, root }): Promise<Looked> => {
    const { path } = world.config;
    if (configTrouble && !root && configTrouble.kind === "no-permission")
      return { ...nothing, unseen: [unseenBy(root, "configuration", configTrouble)] };
    const read = configTrouble?.facts?.["problems"] as readonly ConfigProblem[] | undefined;
    if (read && read.length > 1)
      return ofFindings(
        read.map(({ file, line, column, message, hint }) => ({
          check,
          severity: "fault",
          message: `${file}:${line}:${column}: ${message}`,
          ...(hint === undefined ? {} : { hint }),
        })),
      );
    if (configTrouble) {
      const hint = configTrouble.hints.join("; ");
      const finding: DoctorFinding = {
        check,
        severity: "fault",
        message: configTrouble.message,
        hint: hint === "" ? "mend it there; `mailcert config check` looks again" : hint,
      };
      return ofFindings([finding]);
    }
    // Who can change the file itself is for the look at rights to say.
    const own = (sentence: string): boolean => sentence.startsWith(`${path} can be written`);
    // Reading the files that it names takes root.
    const checked =
      root && certificates.length > 0
        ? await unlessFailure(() => checkConfig(world, world.config, { placesToldElsewhere: true }))
        : undefined;
    const all =
      checked === undefined || checked instanceof Failure
        ? [...(await world.config.warnings()), ...configWarnings(certificates)]
        : checked.warnings;
    const sentences = all.filter((sentence) => !own(sentence));
    const problems = checked === undefined || checked instanceof Failure ? [] : checked.problems;
    const absent = certificates.length === 0 && (await world.config.read()) === undefined;
    const served = absent ? servedOf(world) : [];
    if (served.length > 0)
      return ofFindings([
        {
          check,
          severity: "fault",
          message: `there is no ${path}, and ${few(served)} ${served.length === 1 ? "was" : "were"} deployed: nothing is renewed`,
          hint: "put it back from a backup; or make it anew: `mailcert status` says how, for each of them",
        },
      ]);
    if (absent)
      return ofFindings([
        {
          check,
          severity: "info",
          message: `nothing is configured yet: there is no ${path}`,
          hint: "the first time: mailcert setup mail.example.org",
        },
      ]);
    if (sentences.length + problems.length > 0) return ofFindings([...problems.map(asFault), ...sentences.map(warned)]);
    return ofFindings([{ check, severity: "ok", message: `${path}, ${counted(certificates.length, "certificate")}` }]);
  },
};
