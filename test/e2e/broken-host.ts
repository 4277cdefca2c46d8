// What the tests of doctor share: its report, a host that is broken in several ways, and the commands of the report pasted as they are.
import { expect } from "vitest";
import { complaints } from "../docs/schemas.ts";
import type { MailHost } from "../lab/mail-host.ts";

interface Found {
  readonly check: string;
  readonly severity: string;
  readonly message: string;
  readonly command?: string;
}
interface Report {
  readonly status: number | null;
  readonly findings: readonly Found[];
}

export const doctor = async (host: MailHost, ...before: readonly string[]): Promise<Report> => {
  const { status, stdout, stderr } = await host.exec([...before, "mailcert", "doctor", "--json"], {
    timeoutMs: 180_000,
  });
  expect(stderr).toBe("");
  const document = JSON.parse(stdout) as { readonly looks: readonly { readonly findings: readonly Found[] }[] };
  expect(complaints(document)).toEqual([]);
  return { status, findings: document.looks.flatMap(({ findings }) => findings) };
};

/** Faults and warnings, as `check: message`. */
export const said = ({ findings }: Report): readonly string[] =>
  findings.filter(({ severity }) => severity !== "info").map(({ check, message }) => `${check}: ${message}`);

interface Way {
  readonly breaks: string;
  readonly check: string;
  readonly says: RegExp;
  /** Of the command that mends it. */
  readonly mends: RegExp;
}

/** Breaks the host in all of these ways, expects a finding for each and none besides, pastes each command, and looks again. */
export const breakAndMend = async (
  host: MailHost,
  ways: readonly Way[],
  besides: readonly string[] = [],
): Promise<void> => {
  for (const { breaks } of ways) await host.must(breaks);
  const report = await doctor(host);
  const mine = report.findings.filter(({ severity, check }) => severity !== "info" && !besides.includes(check));
  expect(mine.map(({ check }) => check).toSorted()).toEqual(ways.map(({ check }) => check).toSorted());
  const commands = ways.map(({ check, says, mends }) => {
    const found = mine.find((one) => one.check === check && says.test(one.message));
    expect(found?.command, `${check} ${String(says)} in\n${said(report).join("\n")}`).toMatch(mends);
    return found?.command ?? "";
  });
  // As a person would, from top to bottom.
  const order = mine.flatMap(({ command }) => (command !== undefined && commands.includes(command) ? [command] : []));
  for (const command of new Set(order)) {
    const { status, stdout, stderr } = await host.exec(command, { timeoutMs: 180_000 });
    expect({ status }, `${command}\n${stdout}${stderr}`).toEqual({ status: 0 });
  }
  const left = async (): Promise<readonly string[]> =>
    said(await doctor(host)).filter((line) => !besides.some((check) => line.startsWith(`${check}:`)));
  // What the last command had reloaded may have no sockets for some moments: a second look says what stays. (expect.poll loses its test where several run at once.)
  if ((await left()).length > 0) expect(await left()).toEqual([]);
};
