// `mailcert revoke` against Pebble: what the CA says of each serial afterwards, by account and by the certificate's own key.
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import { complaints } from "../docs/schemas.ts";
import { type Ran, runMain } from "../docs/run-main.ts";
import { type Pebble, startPebble } from "./pebble.ts";

const name = "mail.example.org";
let folder = "";
let pebble: Pebble;
let dir = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailcert-revoke-"));
  pebble = await startPebble();
});
afterAll(async () => {
  await pebble.stop();
  await rm(folder, { recursive: true, force: true });
});

const configure = (key: string): Promise<void> =>
  writeFile(
    join(dir, "etc/mailcert.yaml"),
    `certificates:
  ${name}:
    issuer: acme
    acme: ${pebble.directoryUrl}
    ca_file: ${pebble.caFile}
    agree_tos: true
    http_address: 127.0.0.1:${pebble.httpPort}
    key: ${key}
    servers: none
`,
  );

beforeEach(async () => {
  dir = await mkdtemp(join(folder, "case-"));
  await mkdir(join(dir, "etc"));
  await configure("ecdsa");
});

const mailcert = async (...line: readonly string[]): Promise<Ran> => {
  const ran = await runMain(dir, ...line);
  expect(ran.stdout + ran.stderr).not.toContain("PRIVATE KEY");
  return ran;
};

/** Issued and live. */
const served = async (): Promise<void> => {
  const ran = await mailcert("renew", "--json");
  expect(ran.status, ran.stdout + ran.stderr).toBe(0);
};

interface Revoked {
  readonly outcome: string;
  readonly newKey: boolean;
  readonly issued?: { readonly number: number };
  readonly revoked: readonly {
    readonly generation: number;
    readonly serial: string;
    readonly outcome: string;
    readonly by: string;
  }[];
  readonly tlsa: readonly string[];
}

const revoke = async (...line: readonly string[]): Promise<Revoked> => {
  const ran = await mailcert("revoke", name, "--yes", "--json", ...line);
  expect(ran.status, ran.stdout + ran.stderr).toBe(0);
  const document = JSON.parse(ran.stdout) as Revoked;
  expect(complaints(document), ran.stdout).toEqual([]);
  return document;
};

const pemOf = (number: number, file: string, slot = "ecdsa"): Promise<string> =>
  readFile(join(dir, "state/certificates", name, "generations", String(number).padStart(4, "0"), slot, file), "utf8");

/** What the CA says of a generation's certificate, and the code of the reason that it keeps. */
const atCa = async (number: number, slot = "ecdsa"): Promise<{ readonly status: string; readonly reason?: number }> => {
  const { serial } = readCertificate(await pemOf(number, "cert.pem", slot));
  const answer = JSON.parse(await pebble.manage(`/cert-status-by-serial/${serial}`)) as {
    Status: string;
    Reason?: number;
  };
  return { status: answer.Status, ...(answer.Reason === undefined ? {} : { reason: answer.Reason }) };
};

describe("revoke", () => {
  test("superseded: by the account, after a new one with the same key is live", async () => {
    await served();
    expect((await atCa(1)).status).toBe("Valid");
    const asked = await mailcert("revoke", name, "--reason", "superseded");
    expect(asked.status).toBe(64);
    expect(asked.stderr).toContain("--yes says yes to it");
    const result = await revoke("--reason", "superseded");
    expect(result).toMatchObject({
      newKey: false,
      issued: { number: 2 },
      revoked: [{ generation: 1, outcome: "revoked", by: "account" }],
    });
    expect(await atCa(1)).toEqual({ status: "Revoked", reason: 4 });
    expect((await atCa(2)).status).toBe("Valid");
    expect(await pemOf(2, "privkey.pem")).toBe(await pemOf(1, "privkey.pem"));
    const shown = await mailcert("status", "--json");
    expect(shown.stdout).not.toContain('"revocation"');
    expect((await mailcert("rollback", name)).stderr).toMatch(
      /generation 1 on \S+, superseded\) and is not served again/,
    );
    expect((await mailcert("log", name)).stdout).toContain("revoked generation 1");
  });

  test("keyCompromise: each slot by its own key, and new keys in their place", async () => {
    await configure("[ecdsa, rsa]");
    await served();
    const result = await revoke("--reason", "keyCompromise");
    expect(result.revoked.map(({ generation, by, outcome }) => [generation, by, outcome])).toEqual([
      [1, "certificate-key", "revoked"],
      [1, "certificate-key", "revoked"],
    ]);
    expect(await atCa(1)).toEqual({ status: "Revoked", reason: 1 });
    expect(await atCa(1, "rsa")).toEqual({ status: "Revoked", reason: 1 });
    for (const slot of ["ecdsa", "rsa"]) {
      expect((await atCa(2, slot)).status).toBe("Valid");
      expect(await pemOf(2, "privkey.pem", slot)).not.toBe(await pemOf(1, "privkey.pem", slot));
    }
    expect(result.tlsa).toHaveLength(2);
    for (const slot of ["ecdsa", "rsa"])
      expect(result.tlsa.join("\n")).toContain(readCertificate(await pemOf(2, "cert.pem", slot)).spkiSha256);
  });

  test("P-384: its own key signs as well", async () => {
    await configure("ecdsa-p384");
    await served();
    expect((await revoke("--reason", "keyCompromise")).revoked[0]?.by).toBe("certificate-key");
    expect((await atCa(1)).status).toBe("Revoked");
  });

  test("its account is gone, another one is here: its own key asks, and a new key takes its place", async () => {
    await served();
    await rename(join(dir, "state/accounts"), join(dir, "accounts.old"));
    expect((await mailcert("account", "register", name)).status).toBe(0);
    const result = await revoke("--reason", "superseded");
    expect(result).toMatchObject({ newKey: true, revoked: [{ by: "certificate-key", outcome: "revoked" }] });
    expect((await atCa(1)).status).toBe("Revoked");
    expect(await pemOf(2, "privkey.pem")).not.toBe(await pemOf(1, "privkey.pem"));
  });

  test("after a key rollover the account revokes still; revoked twice counts as done", async () => {
    await served();
    expect((await mailcert("account", "rollover", name)).status).toBe(0);
    const state = join(dir, "state/certificates", name, "state.json");
    await revoke();
    // As a run leaves it that was killed between the CA's word and its own.
    const after = JSON.parse(await readFile(state, "utf8")) as { generations: { number: number; revoked?: object }[] };
    const generations = after.generations.map(({ revoked: _forgotten, ...one }) => one);
    const revocation = { generation: 1, reason: "unspecified", since: "2026-11-20T12:00:00.000Z", byKey: false };
    await writeFile(state, JSON.stringify({ ...after, generations, revocation }));
    const shown = await mailcert("status", name);
    expect(shown.stdout).toContain("the revocation of generation 1 (unspecified) is not finished");
    const again = await revoke();
    expect(again).toMatchObject({ revoked: [{ generation: 1, outcome: "already" }] });
    expect(again).not.toHaveProperty("issued");
    expect((await atCa(2)).status).toBe("Valid");
  });

  test("a reason that is not for subscribers: which there are", async () => {
    await served();
    const shown = await mailcert("revoke", name, "--yes", "--reason", "certificateHold");
    expect(shown.status).toBe(64);
    expect(shown.stderr).toContain("superseded");
  });
});
