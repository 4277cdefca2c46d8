// The reports of verify for what has no port, or no mail in it: sockets, news, chat, directories and files.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseTarget } from "../../src/domain/targets.ts";
import type { VerifyResult } from "../../src/domain/verify-result.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { protocols } from "../../src/protocols/index.ts";
import { verifyDocument } from "../../src/reports/verify-json.ts";
import { verifyNagios } from "../../src/reports/verify-nagios.ts";
import { verifyPrometheus } from "../../src/reports/verify-prometheus.ts";
import { verifyText } from "../../src/reports/verify-text.ts";
import { verify } from "../../src/usecases/verify.ts";
import { complaints } from "../docs/schemas.ts";
import { type FakeServer, mailServer, startServer } from "../fakes/mail-server.ts";
import { makePki } from "../fakes/pki.ts";

const folder = mkdtempSync(join(tmpdir(), "mailcert-report-"));
const path = join(folder, "lmtp");
const names = ["nntp", "xmpp-client", "xmpp-server", "ldap", "ftp"] as const;
const servers: FakeServer[] = [];
let one: VerifyResult;
let many: VerifyResult;

beforeAll(async () => {
  const pki = await makePki();
  const now = () => new Date();
  const run = (targets: readonly string[]): Promise<VerifyResult> =>
    verify(
      { now, probe: createProbe({ now }), resolve: async () => ["127.0.0.1"] },
      { wanted: targets.flatMap((target) => parseTarget(target, protocols)), anchors: [pki.root.pem] },
    );
  servers.push(await startServer(mailServer("lmtp", "starttls"), pki.served, path));
  for (const name of names) servers.push(await startServer(mailServer(name, "starttls"), pki.served));
  one = await run([`lmtp+unix://${path}`]);
  many = await run([
    `lmtp+unix://${path}`,
    ...names.map((name, at) => `${name}://mail.example.org:${servers[at + 1]?.port ?? 0}`),
    `lmtp+unix://${folder}/none`,
  ]);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(folder, { recursive: true });
});

const text = (result: VerifyResult): string => verifyText(result, { color: false, width: 100, quiet: false });

describe("a socket", () => {
  test("is called by its path", () => {
    expect(text(one)).toMatch(new RegExp(`^${path}: all as it should be \\(1 entry point looked at`));
    expect(text(one)).not.toContain("localhost");
  });
  test("is a series of its own for monitors", () => {
    expect(verifyNagios(one, "share").text).toContain(`'lmtp+unix_${path}_days'=`);
    expect(verifyPrometheus(one)).toContain(`url="lmtp+unix://${path}"`);
  });
  test("has a document with its URL, its path and port 0", () => {
    const document = JSON.parse(JSON.stringify(verifyDocument(one))) as object;
    expect(complaints(document)).toEqual([]);
    expect(document).toMatchObject({ entries: [{ url: `lmtp+unix://${path}`, address: path, port: 0, ok: true }] });
  });
});

test("all kinds together: one table for each name, and documents that fit the schema", () => {
  expect(complaints(JSON.parse(JSON.stringify(verifyDocument(many))) as object)).toEqual([]);
  const said = text(many);
  expect(said).toMatch(/^7 hosts|^3 hosts/);
  for (const word of ["NNTP", "XMPP", "XMPP s2s", "LDAP", "FTP", "LMTP"]) expect(said).toContain(word);
  expect(said).toContain(
    `fault    net-reach: ${folder}/none · STARTTLS`.replaceAll(" · ", "\u00a0·\u00a0").slice(0, 20),
  );
  expect(many.deadHosts).toEqual([]);
  expect(many.ok).toBe(false);
});
