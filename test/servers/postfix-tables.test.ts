// Tables of Postfix's that somebody's program fills: one that cannot be asked, one that says nothing of a row that it got, a program that never ends.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { handRows } from "../../src/servers/postfix/rows.ts";
import { withoutHungTables } from "../../src/servers/postfix/hung-tables.ts";
import { brokenTables, refuseUnanswered, sniOverrides, tablesAnswer } from "../../src/servers/postfix/sni-overrides.ts";
import type { RunProgram } from "../../src/system/run.ts";
import { fakeRun } from "./fake-run.ts";

const at = "/etc/postfix";
const map = "sqlite:/etc/postfix/sni.cf";
const key = "two.example.net";

it("a type that this Postfix does not have is told with its own words, and what shows it", async () => {
  const stderr = "postmap: fatal: unsupported dictionary type: sqlite. Is the postfix-sqlite package installed?\n";
  const { run, asked } = fakeRun({ [`postmap -c ${at} -q ${key} ${map}`]: { status: 1, stderr } });
  const found = await brokenTables(run, at, `texthash:${at}/mailcert-sni, ${map}`, key);
  expect(asked).toHaveLength(1);
  expect(found).toMatchObject([{ severity: "fault", hint: expect.stringContaining(`postmap -q ${key} ${map}`) }]);
  expect(found[0]?.message).toContain("no client that says a name gets TLS: postmap: fatal: unsupported dictionary");
});

it.each([{ stdout: "a value\n" }, { status: 1 }])(
  "one that answers, or knows nothing of a name, is in order",
  async (said) => {
    const { run } = fakeRun({ [`postmap -c ${at} -q ${key} ${map}`]: said });
    expect(await brokenTables(run, at, map, key)).toEqual([]);
  },
);

it("one that hangs is told, asked once in a run, and keeps nothing from being planned or read back", async () => {
  let asked = 0;
  const hangs: RunProgram = async () => {
    asked += 1;
    throw new Failure("unavailable", "postmap did not end within 30 s and was stopped");
  };
  const run = withoutHungTables(hangs);
  const seen = new Map();
  for (const name of [key, "three.example.net"]) {
    const found = await brokenTables(run, at, map, name, seen);
    expect(found).toMatchObject([{ check: "deploy-config", severity: "fault" }]);
    expect(found[0]?.message).toMatch(/which cannot be asked, .* gets TLS: postmap did not end within 30 s/);
  }
  expect(await tablesAnswer(run, at, map, [key])).toBe(false);
  const slots = { ecdsa: { combined: "/live/ecdsa/combined.pem" } } as never;
  const main = { name: key, names: [key], slots };
  expect(await sniOverrides(run, { configDir: at, main, bySni: [] }, map, false)).toEqual([]);
  await expect(refuseUnanswered(run, at, map, [key], "/rows")).rejects.toThrow("did not end within 30 s");
  expect(asked).toBe(1);
});

it("a row that was handed over and is not found", async () => {
  const asking = (stdout: string): RunProgram => fakeRun({ [`postmap -c ${at} -q - ${map}`]: { stdout } }).run;
  await refuseUnanswered(asking(`${key}\tx\n`), at, map, [key], "/rows");
  const failure = await refuseUnanswered(asking(""), at, map, [key], "/rows").catch((error: unknown) => error);
  expect(failure).toMatchObject({ message: `${map} has nothing for ${key}, though /rows got its row` });
  expect((failure as Failure).hints[0]).toContain(`postmap -q ${key} ${map}`);
});

it("a program that does not end is the one to mend, and gets all rows again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mailcert-rows-"));
  try {
    const hook = { run: ["/bin/true"], timeout: 60 };
    await handRows(async () => ({ status: 0, stdout: "", stderr: "" }), folder, hook, ["a\tb"]);
    const hangs: RunProgram = async () => {
      throw new Failure("unavailable", "/bin/true did not end within 60 s and was stopped");
    };
    const failure = await handRows(hangs, folder, hook, ["a\tb"]).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: "the program that gets the rows of Postfix's SNI map: /bin/true did not end within 60 s and was stopped",
      hints: ["mend /bin/true: it gets all rows again at the next run"],
    });
    expect(readFileSync(join(folder, "mailcert-sni.rows"), "utf8")).toContain("unfinished");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
