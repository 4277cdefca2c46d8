// Who holds the state's lock, by what its file says: nobody, somebody, or one that was killed.
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { flock } from "../../src/system/flock.ts";
import { lockHolder } from "../../src/system/doctor/lock-holder.ts";
import { type RunProgram, createRunProgram } from "../../src/system/run.ts";

const now = new Date("2026-11-20T12:00:00Z");
const never: RunProgram = async () => {
  throw new Error("nobody is asked");
};

it("says who, since when, as long as that process is there and has the lock open", async () => {
  const dir = mkdtempSync(join(tmpdir(), "mailcert-lock-"));
  const proc = join(dir, "proc");
  const look = () => lockHolder({ run: never, stateDir: dir, now, proc });
  try {
    expect(await look()).toBeUndefined();
    writeFileSync(join(dir, "lock"), "\n");
    expect(await look()).toBeUndefined();
    writeFileSync(join(dir, "lock"), "77 renew --quiet since 2026-11-20T11:00:00.000Z\n");
    // Killed: the kernel has freed the lock, the line is still there.
    expect(await look()).toBeUndefined();
    // Another process of that number: the line is of a run in a container that shares the folder, say.
    mkdirSync(join(proc, "77/fd"), { recursive: true });
    writeFileSync(join(dir, "other"), "");
    symlinkSync(join(dir, "other"), join(proc, "77/fd/3"));
    symlinkSync("socket:[1]", join(proc, "77/fd/4"));
    expect(await look()).toBeUndefined();
    symlinkSync(join(dir, "lock"), join(proc, "77/fd/19"));
    expect(await look()).toEqual({
      pid: 77,
      path: join(dir, "lock"),
      command: "renew --quiet",
      since: "2026-11-20T11:00:00.000Z",
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it("one that is hours old, and of no process here, is held or is what a killed run left: the lock itself says", async () => {
  const dir = mkdtempSync(join(tmpdir(), "mailcert-lock-"));
  const run = createRunProgram(process.env);
  const look = () => lockHolder({ run, stateDir: dir, now, proc: join(dir, "proc") });
  const line = "1 renew --every 1h since 2026-11-20T08:59:00.000Z";
  writeFileSync(join(dir, "lock"), `${line}\n`);
  const descriptor = openSync(join(dir, "lock"), "r+");
  try {
    expect(await look()).toBeUndefined();
    await flock(run, descriptor, dir);
    expect(await look()).toEqual({
      path: join(dir, "lock"),
      command: "renew --every 1h",
      since: "2026-11-20T08:59:00.000Z",
    });
  } finally {
    closeSync(descriptor);
    rmSync(dir, { recursive: true });
  }
});
