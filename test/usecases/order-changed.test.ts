// A server whose one list holds all certificates and which cannot do without a first one (HAProxy): who is first is what the configuration says now.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { isStamped, stamped } from "../../src/domain/stamp.ts";
import type { ServedCertificate, Server } from "../../src/servers/server.ts";
import { deployAll } from "../../src/usecases/deploy-all.ts";
import type { DeployOptions } from "../../src/usecases/deployment.ts";
import { issue } from "../../src/usecases/issue.ts";
import { remove } from "../../src/usecases/remove.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { sniServer } from "../fakes/sni-server.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const options: DeployOptions = { replace: false, accept: async () => true };
const renewal: RenewOptions = { ...options, force: false, newKey: false, named: false, dryRun: false };
const named = (name: string): CertificateConfig => certificate({ name, names: [name] });
const [a, b, c] = [named("a.example.org"), named("b.example.org"), named("c.example.org")];

let fake: FakeWorld;
let world: World;
let all: readonly CertificateConfig[];
let own: string;
/** The line of somebody's file, and the list that it names after a yes. */
let line: string;
let list: string | undefined;
const listed = (): readonly string[] =>
  (list ?? "").split("\n").flatMap((one) => (one === "" || one.startsWith("#") ? [] : [one.split(" ")[0] ?? ""]));

const pathOf = ({ slots }: ServedCertificate): string => Object.values(slots)[0]?.fullchain ?? "";

beforeEach(() => {
  fake = fakeWorld();
  const server = sniServer();
  own = join(fake.world.store.dir, "own.pem");
  writeFileSync(own, "");
  [line, list, all] = [own, undefined, [a, b, c]];
  const { ownDefault: _can, ...rest } = server.adapter;
  const textOf = (first: ServedCertificate, others: readonly ServedCertificate[]): string =>
    stamped([first, ...others].map((one) => `${one.name} ${pathOf(one)}\n`).join(""));
  const path = "/etc/fake/list";
  const change = (content: string) =>
    ({ kind: "file", path, content, mode: 0o644, before: list, shared: true }) as const;
  const adapter: Server = {
    ...rest,
    asksFirst: true,
    plan: async (_installation, first, others = []) => {
      const content = textOf(first, others);
      return { changes: line === path && content !== list ? [change(content)] : [], notes: [] };
    },
    readBack: async (_installation, first, others = []) =>
      line === path
        ? []
        : [
            {
              scope: "port 993",
              path: "/etc/fake/conf",
              line: 1,
              setting: line,
              edit: [
                change(textOf(first, others)),
                { kind: "line", path: "/etc/fake/conf", line: 1, before: line, after: path },
              ],
            },
          ],
    apply: async (_installation, made) => {
      if (made.kind === "file") list = made.content;
      if (made.kind === "line") line = made.after;
    },
    revert: async (_installation, made) => {
      if (made.kind === "line") {
        if (line !== made.after) return "not-ours";
        line = made.before ?? "";
      } else if (made.kind === "file") {
        if (list !== undefined && !isStamped(list)) return "not-ours";
        list = made.before;
      }
      return "reverted";
    },
    reload: async (installation) => {
      // It reads what its line names.
      const [first, ...others] = line === path ? (list ?? "").split("\n").filter((one) => one !== "") : [];
      server.setting = first?.split(" ")[1] ?? own;
      server.text = others.map((one) => `${one}\n`).join("");
      await server.adapter.reload(installation);
    },
  };
  const base = server.in(fake.world);
  world = {
    ...base,
    servers: async () => ({ fake: adapter }),
    config: { ...base.config, read: async () => ({ certificates: all }) },
  };
});
afterEach(() => fake.dispose());

const deployed = async (): Promise<readonly unknown[]> =>
  (await deployAll(world, all, options)).map(({ deployed: done, failure }) => failure?.message ?? done?.outcome);
const stateOf = (name: string) => {
  const { stage, deployments } = world.store.read(name) ?? {};
  return [stage, Object.keys(deployments ?? {})];
};

describe("who is first is what the configuration says now", () => {
  beforeEach(async () => {
    for (const one of all) await issue(world, one);
    expect(await deployed()).toEqual(["verified", "verified", "verified"]);
  });

  it("one that was the first once goes alone; the others stay, and what stood there comes back with the last", async () => {
    all = [b, a, c];
    expect(await deployed()).toEqual(["verified", "verified", "verified"]);
    expect(listed()).toEqual(["b.example.org", "a.example.org", "c.example.org"]);
    const [removed] = await remove(world, ["a.example.org"], { dryRun: false });
    expect(removed).toMatchObject({ findings: [], kept: [], reloaded: ["fake"] });
    expect(listed()).toEqual(["b.example.org", "c.example.org"]);
    expect([line, stateOf("b.example.org")]).toEqual(["/etc/fake/list", ["verified", ["fake"]]]);
    await remove(world, ["b.example.org", "c.example.org"], { dryRun: false });
    expect([line, list]).toEqual([own, undefined]);
  });

  it("one that left the configuration makes room: the next one is the first", async () => {
    all = [b, c];
    const [removed] = await remove(world, ["a.example.org"], { dryRun: false });
    expect(removed).toMatchObject({ findings: [] });
    expect(listed()).toEqual(["b.example.org", "c.example.org"]);
  });

  it("a new first one that nothing was issued for yet: who has been the first stays it until then", async () => {
    const fresh = named("new.example.org");
    all = [fresh, a, b, c];
    const now = async (): Promise<readonly unknown[]> => (await deployed()).slice(1);
    expect(await now()).toEqual(["verified", "verified", "verified"]);
    expect(listed()).toEqual(["a.example.org", "b.example.org", "c.example.org"]);
    await issue(world, fresh);
    expect(await now()).toEqual(["verified", "verified", "verified"]);
    expect(listed()).toEqual(["new.example.org", "a.example.org", "b.example.org", "c.example.org"]);
  });

  it("where the first of the configuration is taken out, the others go, and each run says so until it is mended", async () => {
    const [removed] = await remove(world, ["a.example.org"], { dryRun: false });
    // This server's own settings name a file that is not there.
    expect(removed?.findings).toMatchObject([
      { severity: "warning", check: "deploy-one-certificate" },
      { severity: "fault", check: "removal-broken" },
    ]);
    expect([line, list, stateOf("b.example.org")]).toEqual([own, undefined, ["switched", []]]);
    const { outcome, certificates } = await renew(world, all, renewal);
    expect(outcome).toBe("waiting");
    expect(certificates.map(({ failure }) => failure?.message ?? "")).toEqual([
      "",
      expect.stringContaining("fake gets a.example.org first"),
      expect.stringContaining("fake gets a.example.org first"),
    ]);
    expect(certificates[1]?.failure?.hints[0]).toContain("mailcert deploy a.example.org");
    all = [b, c];
    expect((await renew(world, all, renewal)).outcome).toBe("done");
    expect(listed()).toEqual(["b.example.org", "c.example.org"]);
  });
});
