// What the updaters with an HTTP API share: trust in the other side's HTTPS, words of error replies, TXT as APIs write it.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detailOf } from "../../src/dns/updaters/api-detail.ts";
import { createDesec } from "../../src/dns/updaters/desec.ts";
import { nameInZone, quoteTxt, unquoteTxt } from "../../src/dns/updaters/txt.ts";
import { apiDeps, failureOf, signal, usualRecord } from "../contract/api-updater.ts";
import { issue } from "../fakes/pki.ts";

describe("HTTPS of an API", () => {
  it("is trusted by the public roots or by ca_file, and by nothing else", async () => {
    const root = await issue({ ca: true });
    const leaf = await issue({ by: root, names: ["localhost"] });
    const folder = mkdtempSync(join(tmpdir(), "mailcert-api-"));
    const file = join(folder, "root.pem");
    writeFileSync(file, root.pem);
    let asked = 0;
    const server = createServer({ cert: leaf.pem, key: leaf.privateKey }, (request, response) => {
      asked += 1;
      response.writeHead(request.method === "GET" ? 404 : 200).end(request.method === "GET" ? "{}" : "[]");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const add = (url: string, more = {}) =>
      createDesec({ token: "hunter2", url, ...more }, apiDeps()).add(usualRecord, signal);
    try {
      const unknown = await failureOf(() => add(`https://localhost:${port}`));
      expect(unknown).toMatchObject({ kind: "unavailable", facts: { server: `localhost:${port}` } });
      expect(unknown.hints.join()).toContain("ca_file: FILE");
      const named = await failureOf(() => add(`https://127.0.0.1:${port}`, { ca_file: file }));
      expect(named).toMatchObject({ facts: { code: "ERR_TLS_CERT_ALTNAME_INVALID" } });
      expect(asked).toBe(0);
      await add(`https://localhost:${port}`, { ca_file: file });
      expect(asked).toBe(2);
    } finally {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true });
    }
  });
});

describe("detailOf", () => {
  it.each([
    [{ error: "Not Found" }, "Not Found"],
    [{ error: "many", errors: ["one", "two"] }, "many; one; two"],
    [{ error: { code: "locked", message: "wait" } }, "wait (locked)"],
    [{ success: false, errors: [{ code: 10_000, message: "Authentication error" }] }, "Authentication error (10000)"],
    [{ detail: "Request was throttled." }, "Request was throttled."],
    [[{ ttl: ["too short"] }], '[{"ttl":["too short"]}]'],
    [{ error: "a\nb\u001b[1m" }, "a b [1m"],
  ])("%j", (data, words) => expect(detailOf(data, "")).toBe(words));

  it("takes a text as it is, and no page", () => {
    expect(detailOf(undefined, "Unauthorized\n")).toBe("Unauthorized");
    expect(detailOf(undefined, "<html><body>x")).toBe("an HTML page, no API's answer");
    expect(detailOf("x".repeat(9999), "").length).toBeLessThanOrEqual(300);
  });
});

describe("TXT", () => {
  it("what is quoted is unquoted to itself", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => text.trim() === text),
        (text) => {
          expect(unquoteTxt(quoteTxt(text))).toBe(text);
        },
      ),
    );
  });

  it("reads several strings as one, escapes by number, and texts without quotes", () => {
    expect(unquoteTxt('"v=spf1 " "-all"')).toBe("v=spf1 -all");
    expect(unquoteTxt(String.raw`"a\034b\\"`)).toBe('a"b\\');
    expect(unquoteTxt(" plain ")).toBe("plain");
  });

  it("writes names inside their zone", async () => {
    expect(nameInZone("x", "a.b.example.org", "example.org", "@")).toBe("a.b");
    expect(nameInZone("x", "example.org", "example.org", "@")).toBe("@");
    const failure = await failureOf(() => nameInZone("x", "badexample.org", "example.org", "@"));
    expect(failure.message).toBe("x: badexample.org is not in the zone example.org");
  });
});
