// The folder in which Exim tries a priority string: while it runs, nobody but root and Exim can put anything there.
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { refuseCiphers } from "../../src/servers/exim/ciphers.ts";
import type { RunProgram } from "../../src/system/run.ts";

it("is closed to others, and its logs are Exim's: a link in the place of one would have root write where it leads", async () => {
  const asked: string[] = [];
  const run: RunProgram = async (program, args) => {
    const nothing = { status: 0, stdout: "", stderr: "" };
    asked.push(program);
    if (args.includes("-bP")) return { ...nothing, stdout: "exim_user = Debian-exim\nexim_group = Debian-exim\n" };
    if (program === "chown") {
      expect(args.slice(0, 2)).toEqual(["--", "Debian-exim"]);
      expect(statSync(args[2] ?? "").mode & 0o777).toBe(0o700);
      return nothing;
    }
    const folder = dirname(args[1] ?? "");
    expect(statSync(folder).mode & 0o777).toBe(0o711);
    expect(statSync(join(folder, "log")).mode & 0o077).toBe(0);
    return { ...nothing, stderr: "tls_require_ciphers invalid: No or insufficient priorities were set.\n" };
  };
  await expect(refuseCiphers(run, "exim4", "NORMAL:+GROUP-NONE")).rejects.toMatchObject({
    message: expect.stringContaining("No or insufficient priorities were set.") as string,
  });
  expect(asked).toEqual(["exim4", "chown", "exim4"]);
});
