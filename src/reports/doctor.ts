// Doctor's report: what is wrong first, with the command that mends it; then what was looked at and is well, and what could not be looked at.
import type { DoctorFinding } from "../domain/doctor/finding.ts";
import { counted } from "../domain/doctor/words.ts";
import type { DoctorResult, LookResult } from "../usecases/doctor/doctor.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

const order = ["fault", "warning", "info"] as const;
const marks = { fault: "FAULT", warning: "warning", info: "note", ok: "ok" } as const;

/** A command stands alone in its line, however long that is: it is there to be pasted. */
const lines = ({ severity, check, message, hint, command }: DoctorFinding): readonly string[] => [
  wrap(`${message} (${check})`, textWidth, marks[severity].padEnd(8), " ".repeat(8)),
  ...(command === undefined ? [] : [`        run: ${command}`]),
  ...(hint === undefined ? [] : [wrap(`-> ${hint}`, textWidth, " ".repeat(8), " ".repeat(11))]),
];

const findingsOf = (looks: readonly LookResult[]): readonly DoctorFinding[] => {
  const all = looks.flatMap(({ findings }) => findings);
  return order.flatMap((severity) => all.filter((finding) => finding.severity === severity));
};

const heading = (findings: readonly DoctorFinding[]): string => {
  const count = (severity: DoctorFinding["severity"]): number =>
    findings.filter((finding) => finding.severity === severity).length;
  const parts = [
    ...(count("fault") > 0 ? [counted(count("fault"), "fault")] : []),
    ...(count("warning") > 0 ? [counted(count("warning"), "warning")] : []),
  ];
  return parts.length === 0 ? "nothing stands in the way" : parts.join(", ");
};

const wellLines = (looks: readonly LookResult[]): readonly string[] => {
  const well = looks.filter((one) => one.well.length > 0);
  const longest = Math.max(0, ...well.map(({ title }) => title.length));
  return well.map(({ title, well: phrases }) =>
    wrap(phrases.join("; "), textWidth, `ok      ${title.padEnd(longest)}  `, " ".repeat(10 + longest)),
  );
};

export const doctorText = ({ looks, root }: DoctorResult): string => {
  const findings = findingsOf(looks);
  const unseen = looks.flatMap((one) => one.unseen);
  const well = wellLines(looks);
  return [
    heading(findings),
    ...(findings.length === 0 ? [] : ["", ...findings.flatMap(lines)]),
    ...(well.length === 0 ? [] : ["", ...well]),
    ...(unseen.length === 0
      ? []
      : ["", `not looked at${root ? "" : " (run it as root to see all)"}:`, ...unseen.map((one) => `  ${one}`)]),
  ].join("\n");
};

export const doctorDocument = ({ ok, root, looks }: DoctorResult): object => ({
  schema: "mailcert.doctor/1",
  ok,
  root,
  looks: looks.map(({ id, title, findings, well, unseen }) => ({ id, title, findings, well, unseen })),
});
