// Every way to be validated on loopback by a real CA (Pebble): webroot, tls-alpn-01, and the next way where one fails.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { AcmeSettings } from "../../src/domain/certificate-config.ts";
import { issuerOnLoopback } from "./acme-issuer.ts";
import { type Pebble, startPebble } from "./pebble.ts";
import { freePort } from "../free-ports.ts";

let pebble: Pebble;
let state = "";
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  pebble = await startPebble({ vaNoSleep: true, authzReuse: 0 });
});
afterAll(() => pebble.stop());
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "mailcert-challenges-"));
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await rm(state, { recursive: true });
});

const issue = async (
  names: readonly string[],
  settings: Partial<AcmeSettings>,
): Promise<{ readonly names: readonly string[]; readonly steps: readonly string[] }> => {
  const { leaf, steps } = await issuerOnLoopback(pebble, state)(names, settings);
  return { names: readCertificate(leaf).dnsNames, steps };
};

/** A web server of somebody else's on the port that the CA looks at. */
const webServer = async (answer: (path: string) => Promise<string | undefined>): Promise<void> => {
  const server = createServer((request, response) => {
    void answer(request.url ?? "").then((text) => response.writeHead(text === undefined ? 404 : 200).end(text));
  });
  await new Promise<void>((resolve) => server.listen(pebble.httpPort, "127.0.0.1", resolve));
  ends.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
};

test("webroot: the web server on the port shows the tokens of two names, and nothing is left", async () => {
  const webroot = await mkdtemp(join(tmpdir(), "mailcert-www-"));
  ends.push(() => rm(webroot, { recursive: true }));
  await webServer((path) => readFile(join(webroot, path), "utf8").catch(() => undefined));
  const names = ["mail.example.org", "imap.example.org"];
  expect((await issue(names, { webroot })).names.toSorted()).toEqual(names.toSorted());
  expect(await readdir(webroot)).toEqual([]);
});

test("tls-alpn-01: two names", async () => {
  const names = ["mail.example.org", "imap.example.org"];
  const issued = await issue(names, { challenges: ["tls-alpn-01"] });
  expect(issued.names.toSorted()).toEqual(names.toSorted());
  expect(issued.steps).toContain("mail.example.org: validated (tls-alpn-01)");
});

test("the port is taken: the next way, in the same order", async () => {
  await webServer(async () => undefined);
  const { names, steps } = await issue(["mail.example.org"], { challenges: ["http-01", "tls-alpn-01"] });
  expect(names).toEqual(["mail.example.org"]);
  expect(steps.join("\n")).toMatch(/http-01 cannot be used \(cannot listen on .*\); the next way is tried/);
  expect(steps.filter((step) => / placed for /.test(step))).toHaveLength(1);
});

test("the CA refuses: a new order goes the next way; all ways in vain: each is told", async () => {
  await webServer(async () => "somebody else's page");
  const elsewhere = { httpAddress: `127.0.0.1:${await freePort()}` };
  // Names of their own: Pebble now and then takes an authorization again, whatever it was told.
  const { names, steps } = await issue(["refused.example.org"], {
    ...elsewhere,
    challenges: ["http-01", "tls-alpn-01"],
  });
  expect(names).toEqual(["refused.example.org"]);
  expect(steps.filter((step) => / placed for /.test(step))).toHaveLength(2);
  const nowhere = { ...elsewhere, tlsAlpnAddress: `127.0.0.1:${await freePort()}` };
  await expect(issue(["nowhere.example.org"], { ...nowhere, challenges: ["tls-alpn-01", "http-01"] })).rejects.toThrow(
    /nowhere\.example\.org \(tls-alpn-01\): .*; nowhere\.example\.org \(http-01\): /,
  );
});

test("a wildcard is refused before anything is spent where no configured way can prove it", async () => {
  await expect(issue(["*.example.org"], { challenges: ["http-01", "tls-alpn-01"] })).rejects.toThrow(
    /no order was placed: .*wildcard.*http-01.*wildcard.*tls-alpn-01/,
  );
  expect(await readdir(state)).toEqual([]);
});
