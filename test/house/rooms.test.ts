// The import arrows of docs/architecture.md, read from the import lines themselves.
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const src = join(import.meta.dirname, "../../src");

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

const importsOf = (file: string): readonly Import[] => {
  const text = readFileSync(join(src, file), "utf8").replaceAll(/^\s*\/\/.*$/gm, "");
  const found: Import[] = [];
  const pattern = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|import\("([^"]+)"\)/g;
  for (const [, type, statement, dynamic] of text.matchAll(pattern)) {
    const to = statement ?? dynamic ?? "";
    found.push({ from: file, to, typeOnly: type !== undefined });
  }
  return found;
};

const roomOf = (file: string): string => (file.includes("/") ? (file.split("/")[0] ?? "") : file);
/** `acme-client/src/client.js` is acme-client. */
const packageOf = (specifier: string): string => /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)?.[1] ?? specifier;
const target = ({ from, to }: Import): string =>
  to.startsWith(".") ? relative(src, join(src, from, "..", to)).replaceAll("\\", "/") : to;

const all = files.flatMap(importsOf);

const adapters = [
  "issuers",
  "challenges",
  "x509",
  "store",
  "servers",
  "protocols",
  "probe",
  "dns",
  "importers",
  "notify",
  "system",
];
const pure = ["domain", "config", "checks", "bundles", "reports", "hello"];

/** Whom a room may import as values, besides itself. Types are free to everybody. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  config: ["domain"],
  checks: ["domain"],
  bundles: ["domain", "x509"],
  reports: ["domain"],
  usecases: ["domain", "checks"],
  commands: ["usecases", "reports", "cli", "domain"],
  cli: ["domain"],
  issuers: ["domain", "system", "x509"],
  challenges: ["domain", "system", "x509", "dns"],
  x509: ["domain", "system"],
  store: ["domain", "system"],
  servers: ["domain", "system"],
  protocols: ["domain", "system"],
  probe: ["domain", "system", "protocols", "dns", "hello"],
  hello: ["domain"],
  dns: ["domain", "system"],
  importers: ["domain", "system"],
  notify: ["domain", "system"],
  system: ["domain"],
};

/** The one room that may know a package. */
const owners: Readonly<Record<string, RegExp>> = {
  commander: /^(cli|commands)\//,
  yaml: /^config\//,
  "acme-client": /^issuers\/acme\//,
  "node-forge": /^bundles\//,
  "@peculiar/x509": /^x509\//,
  mustache: /^system\//,
  tldts: /^issuers\//,
  "dns-packet": /^dns\//,
  uqr: /^bundles\//,
};

/** Parts of Node that compute and touch nothing. */
const pureNode = new Set(["node:crypto", "node:net", "node:url", "node:util", "node:path", "node:buffer"]);

const show = (found: readonly Import[]): readonly string[] => found.map(({ from, to }) => `${from} -> ${to}`);

describe("rooms", () => {
  it("has files and imports to judge", () => {
    expect(files.length).toBeGreaterThan(80);
    expect(all.length).toBeGreaterThan(300);
  });

  it("imports only along the arrows", () => {
    const wrong = all.filter((one) => {
      if (one.typeOnly || !one.to.startsWith(".")) return false;
      const from = roomOf(one.from);
      const to = roomOf(target(one));
      // main.ts, index.ts and compose.ts are the places that know everyone.
      if (from.endsWith(".ts") || from === to) return false;
      return !(arrows[from] ?? []).includes(to);
    });
    expect(show(wrong)).toEqual([]);
  });

  it("nobody imports main", () => {
    expect(show(all.filter((one) => target(one) === "main.ts"))).toEqual([]);
  });

  it("knows packages only in their rooms", () => {
    const wrong = all.filter((one) => {
      if (one.to.startsWith(".") || one.to.startsWith("node:")) return false;
      const owner = owners[packageOf(one.to)];
      return !owner?.test(one.from);
    });
    expect(show(wrong)).toEqual([]);
  });

  it("does no I/O in pure rooms and use cases", () => {
    const wrong = all.filter(
      (one) =>
        !one.typeOnly &&
        one.to.startsWith("node:") &&
        [...pure, "usecases"].includes(roomOf(one.from)) &&
        !pureNode.has(one.to),
    );
    expect(show(wrong)).toEqual([]);
  });

  it("takes time, randomness and the process as arguments outside the adapters", () => {
    const inside = files.filter((file) => !adapters.includes(roomOf(file)) && file !== "compose.ts");
    const wrong = inside.filter((file) =>
      /\bDate\.now\(\)|new Date\(\)|Math\.random|\bprocess\.|\bconsole\./.test(
        readFileSync(join(src, file), "utf8").replaceAll(/^\s*(\/\/|\*|\/\*\*).*$/gm, ""),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it("says in the first line of every file what it is for, and keeps files short", () => {
    const texts = files.map((file) => ({ file, text: readFileSync(join(src, file), "utf8") }));
    expect(texts.filter(({ text }) => !/^\/\/ \S/.test(text)).map(({ file }) => file)).toEqual([]);
    expect(texts.filter(({ text }) => text.split("\n").length > 300).map(({ file }) => file)).toEqual([]);
  });

  it("registers every command, check, protocol and issuer that has a file", async () => {
    const { commands } = await import("../../src/commands/index.ts");
    const modules = files.filter((file) => /^commands\/[^/]+\.ts$/.test(file));
    const declared = modules.filter((file) =>
      /export const command: CommandModule/.test(readFileSync(join(src, file), "utf8")),
    );
    expect(declared.map((file) => file.slice("commands/".length, -3)).sort()).toEqual(Object.keys(commands).sort());
  });
});
