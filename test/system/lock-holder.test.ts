// Who holds the state's lock, by what its file says: nobody, somebody, or one that was killed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lockHolder } from "../../src/system/doctor/lock-holder.ts";

it("says who, since when, as long as that process is there", async () => {
  const dir = mkdtempSync(join(tmpdir(), "mailcert-lock-"));
  const proc = join(dir, "proc");
  try {
    expect(await lockHolder(dir, proc)).toBeUndefined();
    writeFileSync(join(dir, "lock"), "\n");
    expect(await lockHolder(dir, proc)).toBeUndefined();
    writeFileSync(join(dir, "lock"), "77 renew --quiet since 2026-11-20T08:00:00.000Z\n");
    // Killed: the kernel has freed the lock, the line is still there.
    expect(await lockHolder(dir, proc)).toBeUndefined();
    mkdirSync(join(proc, "77"), { recursive: true });
    expect(await lockHolder(dir, proc)).toEqual({
      pid: 77,
      command: "renew --quiet",
      since: "2026-11-20T08:00:00.000Z",
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
