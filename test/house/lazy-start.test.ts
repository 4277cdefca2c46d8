// The entry must not statically reach the heavy packages: help and --version cost nothing. Reads the bundler's metafile.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly inputs: Readonly<Record<string, unknown>>;
        readonly imports: readonly { path: string; kind: string }[];
      }
    >
  >;
}

const root = join(import.meta.dirname, "../..");
const meta = JSON.parse(readFileSync(join(root, "dist/meta.json"), "utf8")) as Metafile;

/** Every input that loading `output` evaluates, static imports followed. */
const reached = (output: string, seen = new Set<string>()): ReadonlySet<string> => {
  if (seen.has(output)) return new Set();
  seen.add(output);
  const one = meta.outputs[output];
  if (!one) return new Set();
  const inputs = new Set(Object.keys(one.inputs));
  for (const { path, kind } of one.imports) {
    if (kind === "import-statement") for (const input of reached(path, seen)) inputs.add(input);
  }
  return inputs;
};

const packagesOf = (inputs: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...inputs].flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []));

const chunkOf = (source: string): string => {
  const found = Object.entries(meta.outputs).find(([path, one]) => !path.endsWith(".map") && source in one.inputs);
  if (!found) throw new Error(`${source} is in no chunk`);
  return found[0];
};

const heavy = ["acme-client", "node-forge", "@peculiar/x509", "yaml", "tldts", "mustache", "dns-packet"];

describe("lazy start", () => {
  it("the entry reaches no package at all", () => {
    expect([...packagesOf(reached("dist/main.js"))]).toEqual([]);
  });

  it("the command line and the list of commands reach commander alone", () => {
    const inputs = new Set([...reached(chunkOf("src/cli/program.ts")), ...reached(chunkOf("src/commands/index.ts"))]);
    expect([...packagesOf(inputs)]).toEqual(["commander"]);
  });

  it("the World and each command reach no heavy package statically", () => {
    const places = [
      "src/compose.ts",
      "src/commands/renew.ts",
      "src/commands/verify.ts",
      "src/commands/setup.ts",
      "src/commands/status.ts",
    ];
    for (const place of places) {
      const packages = packagesOf(reached(chunkOf(place)));
      expect({ place, heavy: heavy.filter((name) => packages.has(name)) }).toEqual({ place, heavy: [] });
    }
  });

  it("a private CA's root is read without what signs", () => {
    expect([...packagesOf(reached(chunkOf("src/issuers/private-ca/cas.ts")))]).toEqual([]);
    expect(packagesOf(reached(chunkOf("src/issuers/private-ca/make.ts")))).toContain("@peculiar/x509");
  });

  it("axios is not in the bundle", () => {
    const inputs = Object.values(meta.outputs).flatMap(({ inputs: some }) => Object.keys(some));
    expect(inputs.filter((input) => /node_modules\/axios\//.test(input))).toEqual([]);
    expect(inputs.some((input) => /node_modules\/acme-client\//.test(input))).toBe(true);
  });
});
