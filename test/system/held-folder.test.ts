// Holding a folder: test/servers/copies.test.ts has what is done in one; here what keeps it from being held.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { holdFolder } from "../../src/system/held-folder.ts";

it("where /proc is not mounted, a folder that is there is not taken for one that is missing", async () => {
  const dir = mkdtempSync(join(tmpdir(), "mailcert-held-"));
  try {
    expect(await holdFolder(join(dir, "none"))).toBeUndefined();
    const held = await holdFolder(dir);
    expect(held?.at("x")).toMatch(/^\/proc\/self\/fd\/\d+\/x$/);
    await held?.close();
    await expect(holdFolder(dir, join(dir, "no-proc"))).rejects.toMatchObject({
      kind: "unavailable",
      hints: [expect.stringContaining("mount -t proc proc /proc") as string],
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
