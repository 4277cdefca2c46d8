// verify --watch from the built program: it looks again, and ends with what the last look came to.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mailServer, startServer } from "../fakes/mail-server.ts";
import { makePki } from "../fakes/pki.ts";

const program = join(import.meta.dirname, "../../bin/mailcert.js");

/** Watches until the second look is told of, then Ctrl-C. */
const watched = async (...args: readonly string[]): Promise<{ readonly status: unknown; readonly text: string }> => {
  const child = spawn(process.execPath, [program, "verify", "--watch", "--address", "127.0.0.1", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { MAILCERT_RESOLV_CONF: "/dev/null" },
  });
  let text = "";
  let told = false;
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    // Once: a second signal ends it at once.
    if (
      !told &&
      text.split("UTC, every 5 seconds").length > 2 &&
      /(?:clients say|nothing wrong)[^]*(?:clients say|nothing wrong)/.test(text)
    )
      told = child.kill("SIGINT");
  });
  const [status] = (await once(child, "close")) as [unknown];
  return { status, text };
};

test("twice a look at a sound server, and one that is none", { timeout: 60_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), "mailcert-watch-"));
  const pki = await makePki("mail.example.org");
  writeFileSync(join(dir, "ca.pem"), pki.root.pem);
  const server = await startServer(mailServer("imap", "starttls"), pki.served);
  const target = `imap://mail.example.org:${server.port}`;
  try {
    const [sound, distrusted] = await Promise.all([
      watched(target, "--only-ca", join(dir, "ca.pem"), "--skip", "st-auth-clear"),
      watched(target),
    ]);
    expect(sound.status, sound.text).toBe(0);
    expect(sound.text).toContain("all as it should be");
    expect(distrusted.status, distrusted.text).toBe(1);
    const quiet = await watched(target, "--only-ca", join(dir, "ca.pem"), "--skip", "st-auth-clear", "--quiet");
    expect(quiet.text).toMatch(/^[^\n]* UTC, every 5 seconds until Ctrl-C\nnothing wrong was found\n/);
  } finally {
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
