// The matrix of broken servers: each row's whole `verify` says exactly what the row says; healthy rows say nothing.
import { beforeAll, describe, expect, test } from "vitest";
import type { VerifyResult } from "../../src/domain/verify-result.ts";
import { parallel } from "../../src/usecases/parallel.ts";
import { makeCertificates } from "./certificates.ts";
import { imapRows, pop3Rows, sieveRows } from "./mailbox-rows.ts";
import { otherRows } from "./other-rows.ts";
import { type Row, runRow, told } from "./row.ts";
import { lmtpRows, smtpCases, smtpRows, submissionRows } from "./smtp-rows.ts";

const themes: Readonly<Record<string, readonly Row[]>> = {
  "verify.md §1.3": smtpCases,
  "verify.md §2, SMTP": smtpRows,
  "verify.md §2, submission": submissionRows,
  "verify.md §2, LMTP": lmtpRows,
  "verify.md §2, IMAP": imapRows,
  "verify.md §2, POP3": pop3Rows,
  "verify.md §2, ManageSieve": sieveRows,
  "verify.md §2, NNTP, XMPP, LDAP, FTP": otherRows,
};

const nameOf = (row: Row): string => `${[row.servers].flat()[0]?.protocol}: ${row.what}`;

// All side by side, for most of a row is waiting; those that wait longest begin.
const results = new Map<Row, VerifyResult>();
beforeAll(async () => {
  const have = await makeCertificates();
  const rows = Object.values(themes).flat();
  const patient = rows.filter(({ waits }) => waits);
  await parallel([...patient, ...rows.filter(({ waits }) => !waits)], 24, async (row) => {
    results.set(row, await runRow(row, have));
  });
}, 120_000);

describe.each(Object.entries(themes))("%s", (_, rows) => {
  test.each(rows.map((row) => [nameOf(row), row] as const))("%s", (_name, row) => {
    const result = results.get(row);
    if (!result) throw new Error("it was not run");
    const findings = [...result.entries.flatMap((entry) => entry.findings), ...result.findings];
    const messages = findings.map(({ message }) => message).join("\n");
    expect(told(result), messages).toEqual(row.findings);
    if (row.says) expect(messages).toMatch(row.says);
    expect(result.ok).toBe(row.findings.every((finding) => !finding.startsWith("fault")));
  });
});
