// All that --full asks, of servers as Debian installs them: ten connections to each port at most, as the servers count them.
import { describe, expect, test } from "vitest";
import { name, snakeoil, start } from "./full-look.ts";

describe.each(["bookworm", "trixie"] as const)("%s: all that --full asks", (suite) => {
  test("ten connections to each port at most, by the servers' own count, and what there is to ask is answered", async () => {
    const host = await start(suite);
    const counted = async (): Promise<Readonly<Record<"smtpd" | "imap", number>>> => {
      const log = await host.log();
      return {
        smtpd: log.match(/postfix\/\S*smtpd\[\d+\]: connect from/g)?.length ?? 0,
        imap: log.match(/imap-login: /g)?.length ?? 0,
      };
    };
    const one = async (entry: string): Promise<readonly string[]> => {
      const before = await counted();
      const { stdout } = await host.mailcert([
        "verify",
        `${entry}://${name}`,
        "--full",
        "--format",
        "junit",
        "--ca-file",
        snakeoil,
      ]);
      const after = async (): Promise<number> => {
        const { smtpd, imap } = await counted();
        return smtpd + imap - before.smtpd - before.imap;
      };
      await expect.poll(after, { timeout: 20_000 }).toBeGreaterThanOrEqual(8);
      expect(await after(), entry).toBeLessThanOrEqual(10);
      return [...stdout.matchAll(/<testcase name="([^"]+)"/g)].map(([, check = ""]) => check);
    };
    const everywhere = [
      "ver-legacy",
      "ver-12",
      "ciph-broken",
      "ciph-weak",
      "ciph-phase",
      "ciph-good",
      "kex-ec",
      "kex-pq",
      "kex-bigch",
      "ems",
      "comp",
      "alpn",
      "0rtt",
      "sni",
    ];
    for (const entry of ["imap", "imaps", "smtp", "submission", "submissions"]) {
      const judged = await one(entry);
      expect(judged, entry).toEqual(expect.arrayContaining(everywhere));
      if (entry !== "imaps" && entry !== "submissions") expect(judged, entry).toContain("st-cmd-inj");
      if (entry === "submission") expect(judged).toContain("st-enforced");
      // On port 25 and 587 as Debian leaves them, versions and suites need all ten.
      if (entry !== "smtp" && entry !== "submission") expect(judged, entry).toContain("reneg-cli");
    }
  });
});
