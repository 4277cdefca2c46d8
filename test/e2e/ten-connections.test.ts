// All that --full asks, of servers as Debian installs them: ten connections to each port at most, as the servers count them.
import { describe, expect, test } from "vitest";
import { name, snakeoil, start } from "./full-look.ts";
import { countAtRest } from "./log-counts.ts";

describe.each(["bookworm", "trixie"] as const)("%s: all that --full asks", (suite) => {
  test("ten connections to each port at most, by the servers' own count, and what there is to ask is answered", async () => {
    const host = await start(suite);
    const counted = async (): Promise<number> =>
      (await host.log()).match(/postfix\/\S*smtpd\[\d+\]: connect from|imap-login: /g)?.length ?? 0;
    const one = async (entry: string): Promise<readonly string[]> => {
      // A line that comes late must not count for the next entry point.
      const before = await countAtRest(counted);
      const { stdout } = await host.mailcert([
        "verify",
        `${entry}://${name}`,
        "--full",
        "--format",
        "junit",
        "--ca-file",
        snakeoil,
      ]);
      await expect.poll(counted, { timeout: 20_000 }).toBeGreaterThanOrEqual(before + 8);
      expect(await countAtRest(counted), entry).toBeLessThanOrEqual(before + 10);
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
