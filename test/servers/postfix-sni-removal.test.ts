// Taking Postfix's certificates by name out, where main.cf's list of maps was changed since, a service names the map, or a program fills a database from it.
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Hook } from "../../src/domain/hook.ts";
import { createPostfix } from "../../src/servers/postfix/postfix.ts";
import type { Change, Installation, ServedCertificate, Server } from "../../src/servers/server.ts";
import type { RunProgram } from "../../src/system/run.ts";

const parameter = "tls_server_sni_maps";

let dir: string;
let installation: Installation;
let postfix: Server;
/** What the program of the admin's was given. */
let given: string[];
let calls: (readonly string[])[];
let fails: boolean;
let said: Hook | "unreadable" | undefined;
let hook: Hook;

const at = (name: string): string => join(dir, name);
const text = (name: string): string => readFileSync(at(name), "utf8");
const ours = (): string => `texthash:${at("mailcert-sni")}`;
const list = (): string | undefined => /^tls_server_sni_maps\s*=\s*(.*)$/m.exec(text("main.cf"))?.[1];

/** As much of postconf as the adapter asks for. */
const postconf = (args: readonly string[]): string => {
  const [, folder = "", what, ...names] = args;
  const lines = (file: string): readonly string[] => readFileSync(join(folder, file), "utf8").split("\n");
  const set = lines("main.cf").flatMap((line) => {
    const [, name = "", value = ""] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    return name === "" ? [] : [[name, value] as const];
  });
  const service = lines("master.cf").findLast((line) => /^\w/.test(line)) ?? "";
  const id = service.split(/\s+/).slice(0, 2).join("/");
  if (what === "-M") return service;
  const value = (name: string): string => set.findLast(([one]) => one === name)?.[1] ?? "";
  const shown = (line: string): string =>
    what === "-x" || what === "-Px" ? line.replace(/\$(\w+)/g, (_all, name: string) => value(name)) : line;
  if (what === "-P" || what === "-Px")
    return lines("master.cf")
      .flatMap((line) => /^\s+-o (\w+)=(.*)$/.exec(line)?.slice(1, 3).join(" = ") ?? [])
      .map((line) => shown(`${id}/${line}`))
      .join("\n");
  const asked = set.filter(([name]) => names.length === 0 || names.includes(name));
  const absent = what === "-x" ? names.filter((name) => !set.some(([one]) => one === name)) : [];
  return [...asked.map(([name, written]) => shown(`${name} = ${written}`)), ...absent.map((name) => `${name} = `)].join(
    "\n",
  );
};

const run: RunProgram = async (program, args, options) => {
  const answer = { status: 0, stdout: "", stderr: "" };
  if (program === "postconf") return { ...answer, stdout: postconf(args) };
  // A database that has every name.
  if (program === "postmap") return { ...answer, stdout: String(options?.input).replaceAll("\n", "\tvalue\n") };
  given.push(String(options?.input));
  calls.push([program, ...args]);
  return fails ? { ...answer, status: 3, stderr: "no" } : answer;
};

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "mailcert-pf-")));
  writeFileSync(at("main.cf"), "myhostname = mail.example.org\n");
  writeFileSync(at("master.cf"), "smtp      inet  n       -       y       -       -       smtpd\n");
  writeFileSync(at("fill"), "#!/bin/sh\n");
  chmodSync(at("fill"), 0o755);
  [given, calls, fails, said] = [[], [], false, undefined];
  hook = { run: [at("fill"), "--table"], timeout: 60 };
  postfix = createPostfix({ run, render: () => "", ipv6: async () => false, sniRows: async () => said });
  installation = { server: "postfix", id: "postfix", version: "3.7.11", configDir: dir, running: false };
});
afterEach(() => rmSync(dir, { recursive: true }));

const served = (name: string): ServedCertificate => {
  const path = at(`${name}.pem`);
  writeFileSync(path, `key of ${name}\n`);
  const slot = { privkey: path, cert: path, chain: path, fullchain: path, combined: path };
  return { name, names: [name], slots: { ecdsa: slot } };
};
const isOfNames = (change: Change): boolean =>
  (change.kind === "parameter" && change.parameter === parameter) || change.kind === "file";

/** What the plan changes for names, applied. */
const settle = async (...bySni: readonly ServedCertificate[]): Promise<readonly Change[]> => {
  const { changes } = await postfix.plan(installation, served("mail.example.org"), bySni);
  const mine = changes.filter(isOfNames);
  for (const change of mine) await postfix.apply(installation, change);
  return mine;
};
const takeBack = async (changes: readonly Change[]): Promise<readonly string[]> => {
  const outcomes: string[] = [];
  for (const change of changes.toReversed()) outcomes.push(await postfix.revert(installation, change));
  return outcomes;
};

describe("main.cf's list", () => {
  it("is as before, byte for byte, where nobody touched it", async () => {
    const before = text("main.cf");
    expect(await takeBack(await settle(served("two.example.net")))).toEqual(["reverted", "reverted"]);
    expect([text("main.cf"), existsSync(at("mailcert-sni"))]).toEqual([before, false]);
  });

  it("keeps the map that somebody put in front of ours", async () => {
    const changes = await settle(served("two.example.net"));
    writeFileSync(at("main.cf"), text("main.cf").replace(ours(), `hash:/etc/postfix/sni, ${ours()}`));
    expect(await takeBack(changes)).toEqual(["reverted", "reverted"]);
    expect([list(), existsSync(at("mailcert-sni"))]).toEqual(["hash:/etc/postfix/sni", false]);
    expect(await takeBack(changes)).toEqual(["reverted", "reverted"]);
    expect(list()).toBe("hash:/etc/postfix/sni");
  });

  it("never gets a map again whose file has gone", async () => {
    const changes = await settle(served("two.example.net"));
    writeFileSync(at("main.cf"), text("main.cf").replace(ours(), `hash:/etc/postfix/sni, ${ours()}`));
    // The last by name goes, and after that all.
    const more = await settle();
    expect([list(), existsSync(at("mailcert-sni"))]).toEqual(["hash:/etc/postfix/sni", false]);
    const seen: (string | undefined)[] = [];
    for (const change of [...changes, ...more].toReversed()) {
      if (change.kind === "file" && change.content === undefined) continue;
      await postfix.revert(installation, change);
      seen.push(list());
    }
    expect(new Set(seen)).toEqual(new Set(["hash:/etc/postfix/sni"]));
  });
});

it("a map that a service of somebody's names stays, and says who names it; with nobody left by name it is empty", async () => {
  const changes = await settle(served("two.example.net"));
  writeFileSync(at("master.cf"), `${text("master.cf")}  -o ${parameter}=${ours()}\n`);
  await settle();
  expect(list()).toBeUndefined();
  expect(text("mailcert-sni")).not.toContain("two.example.net");
  await expect(postfix.revert(installation, changes[0] as Change)).rejects.toMatchObject({
    kind: "config",
    message: `${at("mailcert-sni")} is still named by -o ${parameter} of the service smtp/inet in ${at("master.cf")}: without it no client that says a name (SNI) would get TLS`,
  });
  expect(existsSync(at("mailcert-sni"))).toBe(true);
});

it.each([
  ["main.cf", () => `my_maps = ${ours()}\n${parameter} = $my_maps\n`],
  ["master.cf", () => `  -o ${parameter}=$my_maps\n`],
])("a map that is named through another parameter (%s) stays as well, empty", async (file, more) => {
  await settle(served("two.example.net"));
  const others = text("main.cf").replace(/^tls_server_sni_maps.*\n/m, "");
  const list = file === "main.cf" ? "" : `my_maps = ${ours()}\n`;
  writeFileSync(at("main.cf"), `${file === "main.cf" ? others : text("main.cf")}${list}`);
  writeFileSync(at(file), `${text(file)}${more()}`);
  await settle();
  expect(text("mailcert-sni")).not.toContain("two.example.net");
});

describe("rows for a database", () => {
  const inFront = (): void => writeFileSync(at("main.cf"), `${parameter} = sqlite:${at("sni.cf")}\n`);
  const rows = (): readonly string[] =>
    (given.at(-1) ?? "").split("\n").flatMap((line) => (line.includes("\t") ? [line.split("\t")[0] ?? ""] : []));
  const fill = async (): Promise<readonly Change[]> => {
    said = hook;
    const changes = await settle(served("two.example.net"));
    await postfix.refresh?.(installation, [served("mail.example.org"), served("two.example.net")]);
    expect(rows()).toEqual(["mail.example.org", "two.example.net"]);
    return changes;
  };

  it("go with the last certificate that is served by its name, though others stay; nothing is left to hand on", async () => {
    inFront();
    await fill();
    await settle();
    expect(existsSync(at("mailcert-sni"))).toBe(false);
    const told = await postfix.refresh?.(installation, [served("mail.example.org")]);
    expect(told).toEqual([`${at("fill")} got 0 rows of the SNI map`]);
    expect([given.at(-1), existsSync(at("mailcert-sni.rows"))]).toEqual([".\n", false]);
    expect(await postfix.refresh?.(installation, [served("mail.example.org")])).toEqual([]);
    expect(list()).toBe(`sqlite:${at("sni.cf")}`);
  });

  it("go from a table whose map was put in front of ours by hand, and ours is not named again at removal", async () => {
    const before = await settle(served("two.example.net"));
    writeFileSync(at("main.cf"), text("main.cf").replace(ours(), `sqlite:${at("sni.cf")}, ${ours()}`));
    const changes = [...before, ...(await fill())];
    expect(list()).toBe(`sqlite:${at("sni.cf")}`);
    expect(await takeBack(changes)).not.toContain("not-ours");
    await postfix.refresh?.(installation, []);
    expect([list(), existsSync(at("mailcert-sni")), given.at(-1)]).toEqual([`sqlite:${at("sni.cf")}`, false, ".\n"]);
  });

  it("are handed to the program that got them last where the configuration cannot be read", async () => {
    inFront();
    await fill();
    said = "unreadable";
    await settle(served("two.example.net"));
    expect(list()).toBe(`sqlite:${at("sni.cf")}`);
    await settle();
    await postfix.refresh?.(installation, [served("mail.example.org")]);
    expect(given.at(-1)).toBe(".\n");
  });

  it("go when the program leaves the configuration; where it fails, who has to do what is said", async () => {
    inFront();
    await fill();
    said = undefined;
    fails = true;
    await expect(postfix.refresh?.(installation, [served("mail.example.org")])).rejects.toMatchObject({
      message: expect.stringContaining(
        `postfix_sni_rows is not in the configuration any more, and the database that ${at("fill")} filled may still hold names and private keys`,
      ),
      hints: [`empty that table, and then: rm ${at("mailcert-sni.rows")}`],
    });
    fails = false;
    await postfix.refresh?.(installation, [served("mail.example.org")]);
    expect([given.at(-1), existsSync(at("mailcert-sni.rows"))]).toEqual([".\n", false]);
    const count = given.length;
    expect(await postfix.refresh?.(installation, [served("mail.example.org")])).toEqual([]);
    expect(given.length).toBe(count);
  });

  it("go from the program that got them before, once another one has them; and both are run again where that fails", async () => {
    inFront();
    await fill();
    const first = hook;
    hook = { run: [at("fill"), "--other"], timeout: 60 };
    said = hook;
    calls = [];
    await postfix.refresh?.(installation, [served("mail.example.org"), served("two.example.net")]);
    // The last time because both may fill one table.
    expect(calls.map(([, ...args]) => args.join(" "))).toEqual(["--other", "--table", "--other"]);
    expect(given.slice(-2)[0]).toBe(".\n");
    expect(rows()).toEqual(["mail.example.org", "two.example.net"]);
    expect(text("mailcert-sni.rows")).not.toContain(first.run[1]);
    calls = [];
    await postfix.refresh?.(installation, [served("mail.example.org"), served("two.example.net")]);
    expect(calls).toHaveLength(1);
  });

  it("stay noted for a program that does not take the end of them, and who has to do what is said each time", async () => {
    inFront();
    await fill();
    said = { run: [at("new"), "--table"], timeout: 60 };
    copyFileSync(at("fill"), at("new"));
    rmSync(at("fill"));
    const refresh = () => postfix.refresh?.(installation, [served("mail.example.org"), served("two.example.net")]);
    for (const _again of [1, 2])
      await expect(refresh()).rejects.toMatchObject({
        message: expect.stringContaining(
          `the database that ${at("fill")} filled may still hold names and private keys`,
        ),
        hints: [`empty that table, and then: rm ${at("mailcert-sni.rows")}`],
      });
    expect(rows()).toEqual(["mail.example.org", "two.example.net"]);
    rmSync(at("mailcert-sni.rows"));
    expect(await refresh()).toEqual([`${at("new")} got 2 rows of the SNI map`]);
  });

  it.each(["the file", "its folder"])("a program in a note that is not root's (%s) is not run", async (what) => {
    inFront();
    await fill();
    said = undefined;
    chownSync(what === "the file" ? at("mailcert-sni.rows") : dir, 65_534, 65_534);
    const before = given.length;
    await expect(postfix.refresh?.(installation, [served("mail.example.org")])).rejects.toMatchObject({
      message: expect.stringContaining(`root does not run what ${at("mailcert-sni.rows")} names: `),
      hints: [`empty that table, and then: rm ${at("mailcert-sni.rows")}`],
    });
    expect(given.length).toBe(before);
  });

  it("of an earlier version, which did not note the program, are somebody's to empty", async () => {
    writeFileSync(at("mailcert-sni.rows"), `${"0".repeat(64)}\n`);
    await expect(postfix.refresh?.(installation, [])).rejects.toMatchObject({
      kind: "unavailable",
      hints: [`empty that table, and then: rm ${at("mailcert-sni.rows")}`],
    });
    expect(given).toEqual([]);
  });
});
