// The matrix of broken servers: each row's whole `verify` says exactly what the row says; healthy rows say nothing.
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { checks } from "../../src/checks/index.ts";
import type { VerifyResult } from "../../src/domain/verify-result.ts";
import { protocols } from "../../src/protocols/index.ts";
import { parallel } from "../../src/usecases/parallel.ts";
import { caaRows } from "./caa-rows.ts";
import { betweenRows, certificateRows } from "./certificate-rows.ts";
import { makeCertificates } from "./certificates.ts";
import { daneRows, domainRows } from "./dns-rows.ts";
import { injectionRows, mailInClearRows } from "./injection-rows.ts";
import { imapRows, pop3Rows, sieveRows } from "./mailbox-rows.ts";
import { otherRows } from "./other-rows.ts";
import { told } from "../fakes/told.ts";
import { type Row, runRow } from "./row.ts";
import { serviceRows } from "./service-rows.ts";
import { lmtpRows, smtpCases, smtpRows, submissionRows } from "./smtp-rows.ts";
import { sniRows, tlsRows } from "./tls-rows.ts";

const themes: Readonly<Record<string, readonly Row[]>> = {
  "verify.md §1.3": smtpCases,
  "verify.md §2, SMTP": smtpRows,
  "verify.md §2, submission": submissionRows,
  "verify.md §2, LMTP": lmtpRows,
  "verify.md §2, IMAP": imapRows,
  "verify.md §2, POP3": pop3Rows,
  "verify.md §2, ManageSieve": sieveRows,
  "verify.md §2, NNTP, XMPP, LDAP, FTP": otherRows,
  "verify.md §2, commands glued to STARTTLS": injectionRows,
  "verify.md §4, mail before TLS": mailInClearRows,
  "verify.md §4, TLS": tlsRows,
  "verify.md §4, SNI": sniRows,
  "verify.md §4, certificates": certificateRows,
  "verify.md §4, between ports and addresses": betweenRows,
  "verify.md §4, DANE": daneRows,
  "verify.md §4, CAA": caaRows,
  "verify.md §4, mail domains": domainRows,
  "verify.md §4, SRV records": serviceRows,
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

/** Checks whose fault no scripted server can have, and the lab test in which a real one has it. */
const shownElsewhere: Readonly<Record<string, string>> = {
  // Node's server gives no tickets for early data, OpenSSL's does.
  "0rtt": "test/probe/handshake-extras.test.ts",
};

test.each(checks.map(({ id }) => id))("%s is shown by a row, or by a named test with a real server", (id) => {
  const inRows = Object.values(themes)
    .flat()
    .some(({ findings }) => findings.some((finding) => finding.endsWith(` ${id}`)));
  const file = shownElsewhere[id];
  const inLab = file !== undefined && readFileSync(file, "utf8").includes(id);
  expect(inRows || inLab, `add a row for ${id} to test/matrix/`).toBe(true);
});

test.each(Object.keys(protocols))("%s has healthy rows", (protocol) => {
  const healthy = Object.values(themes)
    .flat()
    .filter(({ servers, findings }) => [servers].flat()[0]?.protocol === protocol && findings.length === 0);
  expect(healthy.length).toBeGreaterThanOrEqual(2);
});
