// Whether a service was disabled or masked, by systemd and by the links of the runlevels.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { switchedOff } from "../../src/system/switched-off.ts";
import { fakeRun } from "../servers/fake-run.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-off-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const asked = "systemctl show --property=UnitFileState --value -- dovecot.service";

describe("systemd", () => {
  test.each([
    ["disabled", "dovecot.service is disabled"],
    ["masked", "dovecot.service is masked"],
    ["masked-runtime", "dovecot.service is masked-runtime"],
    ["enabled", undefined],
    ["generated", undefined],
    ["static", undefined],
    ["", undefined],
  ])("%j", async (state, words) => {
    const { run } = fakeRun({ [asked]: `${state}\n` });
    expect(await switchedOff(run, "dovecot", { booted: dir })).toBe(words);
  });

  it("without its program nobody can tell", async () => {
    expect(await switchedOff(fakeRun({}).run, "dovecot", { booted: dir })).toBeUndefined();
  });
});

describe("runlevels", () => {
  const look = (service = "dovecot") =>
    switchedOff(fakeRun({}).run, service, { booted: join(dir, "none"), runlevels: dir });
  const link = (level: string, name: string): void => {
    mkdirSync(join(dir, level), { recursive: true });
    writeFileSync(join(dir, level, name), "");
  };

  it("links that start it, and only such that stop it", async () => {
    expect(await look()).toBeUndefined();
    link("rc2.d", "K01dovecot");
    link("rc0.d", "K01postfix");
    link("rc3.d", "S01dovecot-other");
    expect(await look()).toBe("dovecot is disabled in every runlevel (update-rc.d)");
    expect(await look("postfix")).toBeUndefined();
    link("rc3.d", "S02dovecot");
    expect(await look()).toBeUndefined();
  });
});
