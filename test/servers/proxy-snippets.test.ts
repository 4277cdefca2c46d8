// What is printed for pasting into nginx, HAProxy and stunnel: the lines themselves, names by SNI, versions that are not known.
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { servers } from "../../src/servers/index.ts";
import type { ServedCertificate } from "../../src/servers/server.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { fakeRun } from "./fake-run.ts";

const render = createTemplates(fileURLToPath(new URL("../../templates", import.meta.url)));
const create = (name: "nginx" | "haproxy" | "stunnel") =>
  servers[name].create({ run: fakeRun({}).run, render, ipv6: async () => false });
const served = (name: string, names: readonly string[], ...slots: readonly ("ecdsa" | "rsa")[]): ServedCertificate => {
  const paths = (slot: string) => {
    const at = (file: string): string => `/s/${name}/${slot}/${file}.pem`;
    return {
      privkey: at("privkey"),
      cert: at("cert"),
      chain: at("chain"),
      fullchain: at("fullchain"),
      combined: at("combined"),
    };
  };
  return { name, names, slots: Object.fromEntries(slots.map((slot) => [slot, paths(slot)])) };
};
const lines = (text: string): readonly string[] =>
  text.split("\n").filter((line) => line !== "" && !/^[#;]/.test(line));
const both = served("a", ["mail.example.org", "*.example.org", "192.0.2.1"], "ecdsa", "rsa");

describe("snippets of proxies", () => {
  test("nginx: pairs, ECDSA first", () => {
    expect(lines(create("nginx").snippet(both, "1.26.3"))).toEqual([
      "ssl_certificate /s/a/ecdsa/fullchain.pem;",
      "ssl_certificate_key /s/a/ecdsa/privkey.pem;",
      "ssl_certificate /s/a/rsa/fullchain.pem;",
      "ssl_certificate_key /s/a/rsa/privkey.pem;",
    ]);
  });

  test("HAProxy: the default first, no address among the names, each name once", () => {
    const further = [
      served("b", ["www.example.net", "*.example.org"], "ecdsa"),
      served("c", ["www.example.net"], "rsa"),
      served("d", ["mail.example.net"], "rsa"),
    ];
    expect(lines(create("haproxy").snippet(both, "3.0.11", further))).toEqual([
      "/s/a/rsa/combined.pem * mail.example.org *.example.org",
      "/s/a/ecdsa/combined.pem * mail.example.org *.example.org",
      "/s/b/ecdsa/combined.pem www.example.net",
      "/s/d/rsa/combined.pem mail.example.net",
    ]);
  });

  test("stunnel: one pair, the other by OpenSSL's commands", () => {
    expect(lines(create("stunnel").snippet(both, "5.74"))).toEqual([
      "cert = /s/a/ecdsa/fullchain.pem",
      "key = /s/a/ecdsa/privkey.pem",
      "config = Certificate:/s/a/rsa/fullchain.pem",
      "config = PrivateKey:/s/a/rsa/privkey.pem",
    ]);
    expect(lines(create("stunnel").snippet(served("a", ["x.example"], "rsa"), "5.50"))).toEqual([
      "cert = /s/a/rsa/fullchain.pem",
      "key = /s/a/rsa/privkey.pem",
    ]);
  });

  test("stunnel, by name: names before wildcards, narrow ones before wide ones, names of the default that a wildcard covers", () => {
    const further = [
      served("b", ["*.example.net", "b.example.net", "192.0.2.9"], "ecdsa"),
      served("c", ["*.deep.example.net", "*.org", "b.example.net", "mail.example.com"], "rsa"),
    ];
    const text = create("stunnel").snippet(both, "5.74", further);
    const services = lines(text).filter((line) => /^(\[|sni)/.test(line));
    expect(services).toEqual([
      "[mailcert-imaps-a]",
      "sni = imaps:mail.example.org",
      "[mailcert-imaps-b]",
      "sni = imaps:b.example.net",
      "[mailcert-imaps-c]",
      "sni = imaps:mail.example.com",
      "[mailcert-imaps-*.deep.example.net]",
      "sni = imaps:*.deep.example.net",
      "[mailcert-imaps-*.example.org]",
      "sni = imaps:*.example.org",
      "[mailcert-imaps-*.example.net]",
      "sni = imaps:*.example.net",
      "[mailcert-imaps-*.org]",
      "sni = imaps:*.org",
    ]);
    expect(lines(text).filter((line) => line === "connect = 127.0.0.1:143").length).toBe(7);
    expect(text).not.toContain("192.0.2.9");
    expect(create("stunnel").snippet(both, "5.74", [])).not.toContain("sni =");
  });

  test.each([
    ["nginx", "1.12.2"],
    ["haproxy", "2.2.9"],
    ["stunnel", "5.30"],
    ["stunnel", "latest"],
  ] as const)("%s %s: usage, with what to give", (name, version) => {
    let failure: unknown;
    try {
      create(name).snippet(both, version);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ kind: "usage", hints: [expect.stringContaining("--server-version")] });
  });

  test.each(["nginx", "haproxy", "stunnel"] as const)(
    "%s: a folder that cannot be written there is refused",
    (name) => {
      const folder = served("a b;{", ["mail.example.org"], "rsa");
      expect(() =>
        create(name).snippet(folder, name === "nginx" ? "1.26" : name === "haproxy" ? "3.0" : "5.74"),
      ).toThrow("cannot be written into");
    },
  );
});
