// What pre-flight found, for people: a line for each finding, what to do below those that are not well.
import type { Finding } from "../domain/finding.ts";
import type { PreflightFinding } from "../domain/preflight.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

const marks = { ok: "ok", info: "note", warning: "warning", fault: "FAULT" } as const;

/** Those of several CAs stand below its name. */
export const preflightText = (findings: readonly PreflightFinding[]): string =>
  findings
    .flatMap(({ check, severity, message, hint, ca }, index) => [
      ...(ca === undefined || ca === findings[index - 1]?.ca ? [] : [`  at ${ca}:`]),
      wrap(
        severity === "ok" ? message : `${message} (${check})`,
        textWidth,
        `  ${marks[severity].padEnd(8)}`,
        "          ",
      ),
      ...(hint === undefined || severity === "ok"
        ? []
        : [wrap(`-> ${hint}`, textWidth, "          ", "             ")]),
    ])
    .join("\n");

export const hasFaults = (findings: readonly Finding[]): boolean =>
  findings.some(({ severity }) => severity === "fault");
