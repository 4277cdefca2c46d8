// renew --every as a container runs it: the first round at once, then waiting, then SIGTERM and a good end.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const program = join(import.meta.dirname, "../../bin/mailcert.js");

test("a round at once; SIGTERM while it waits ends it with 0", async () => {
  const dir = mkdtempSync(join(tmpdir(), "mailcert-every-"));
  try {
    mkdirSync(join(dir, "bin"));
    symlinkSync("/usr/bin/flock", join(dir, "bin/flock"));
    const config = join(dir, "mailcert.yaml");
    writeFileSync(config, "certificates:\n  mail.example.org: { issuer: self-signed, servers: none }\n");
    const child = spawn(
      process.execPath,
      [program, "-c", config, "--state", join(dir, "state"), "renew", "--every", "1h"],
      {
        env: { MAILCERT_PATH: join(dir, "bin"), MAILCERT_RESOLV_CONF: "/dev/null" },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let said = "";
    let told = false;
    const status = await new Promise((resolve) => {
      child.stderr.on("data", (part: Buffer) => (said += part.toString()));
      child.stdout.on("data", (part: Buffer) => {
        said += part.toString();
        // Once: a second signal ends it at once.
        if (told || !said.includes("generation 1")) return;
        told = child.kill("SIGTERM");
      });
      child.once("close", (code, signal) => resolve(code ?? signal));
    });
    expect(said).toContain("mail.example.org: ");
    expect(status, said).toBe(0);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
