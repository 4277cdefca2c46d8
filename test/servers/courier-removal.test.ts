// Courier's links stay as long as a line names them, whatever somebody made of that line.
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createCourier } from "../../src/servers/courier/courier.ts";
import type { Change, Installation, ServedCertificate } from "../../src/servers/server.ts";
import { fakeRun } from "./fake-run.ts";

let dir: string;
let installation: Installation;
const courier = createCourier({ run: fakeRun({}).run, render: () => "", ipv6: async () => false });

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "mailcert-courier-")));
  installation = { server: "courier", id: "courier", version: "1.4", configDir: dir, running: false };
  writeFileSync(join(dir, "imapd-ssl"), "TLS_PROTOCOL=TLSv1.2+\n");
});
afterEach(() => rmSync(dir, { recursive: true }));

const served = (name: string): ServedCertificate => {
  const path = (file: string): string => `/var/lib/mailcert/certificates/${name}/live/ecdsa/${file}.pem`;
  const [privkey, cert, chain] = [path("privkey"), path("cert"), path("chain")];
  const slot = { privkey, cert, chain, fullchain: path("fullchain"), combined: path("combined") };
  return { name, names: [name], slots: { ecdsa: slot } };
};
const settings = (): string => readFileSync(join(dir, "imapd-ssl"), "utf8");
const deploy = async (...bySni: readonly ServedCertificate[]): Promise<readonly Change[]> => {
  const { changes } = await courier.plan(installation, served("mail.example.org"), bySni);
  for (const change of changes) await courier.apply(installation, change);
  return changes;
};

test("a line that somebody appended something to is left alone, and so is the link that it names, until it is gone", async () => {
  const changes = await deploy(served("two.example.net"));
  const [list, line] = changes;
  if (!list || !line) throw new Error("a list and a line are needed");
  writeFileSync(join(dir, "imapd-ssl"), settings().replace(" # mailcert", " # mailcert, Bob says: keep"));
  expect(await courier.revert(installation, line)).toBe("not-ours");
  await expect(courier.revert(installation, list)).rejects.toMatchObject({
    kind: "config",
    message: `${dir}/mailcert.pem is still named by ${dir}/imapd-ssl line 2: without it nobody there gets TLS`,
  });
  expect(existsSync(join(dir, "mailcert.names"))).toBe(true);
  writeFileSync(join(dir, "imapd-ssl"), "TLS_PROTOCOL=TLSv1.2+\n");
  expect(await courier.revert(installation, line)).toBe("reverted");
  expect(await courier.revert(installation, list)).toBe("reverted");
  expect(existsSync(join(dir, "mailcert.names"))).toBe(false);
});

test("untouched, all of it goes: with the link that took a path's place, and by a second run", async () => {
  const changes = [...(await deploy()), ...(await deploy(served("two.example.net")))];
  for (const change of changes.toReversed()) expect(await courier.revert(installation, change)).toBe("reverted");
  expect(settings()).toBe("TLS_PROTOCOL=TLSv1.2+\n");
  for (const change of changes.toReversed()) expect(await courier.revert(installation, change)).toBe("reverted");
  expect(settings()).toBe("TLS_PROTOCOL=TLSv1.2+\n");
});
