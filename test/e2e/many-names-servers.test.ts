// Two certificates on one Exim, OpenSMTPD, Courier: served by name, renewed, one taken out and then all, to the very same bytes. The whole program.
import { describe, expect, it } from "vitest";
import { installCourier, startCourier } from "../lab/courier-host.ts";
import { installExim, startExim } from "../lab/exim-host.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { installSmtpd, smtpdFiles, startSmtpd } from "../lab/opensmtpd-host.ts";
import { certificates, leafOf, served, snapshot } from "../lab/server-judge.ts";

const submission = { protocol: "submission", mode: "starttls", port: 587 } as const;
const [main, two, none] = ["mail.example.org", "two.example.net", "nobody.example.com"] as const;

const cases = [
  {
    server: "exim",
    asks: false,
    prepare: async (host: MailHost) => {
      await installExim(host, "unsplit");
      await startExim(host, [25, 587], "-oX 587:25");
    },
    files: (host: MailHost) => snapshot(host, "/etc/exim4"),
  },
  {
    server: "opensmtpd",
    asks: true,
    prepare: async (host: MailHost) => {
      await installSmtpd(host);
      await startSmtpd(host);
    },
    files: (host: MailHost) => host.must(smtpdFiles),
  },
  {
    server: "courier",
    asks: false,
    prepare: async (host: MailHost) => {
      await installCourier(host);
      await startCourier(host);
    },
    files: (host: MailHost) => snapshot(host, "/etc/courier"),
  },
] as const;

describe.each(cases)("$server", ({ server, asks, prepare, files }) => {
  it("serves each name its certificate from the first run to the last", async () => {
    const host = await startMailHost({ suite: "trixie", [server]: true });
    try {
      await prepare(host);
      const before = await files(host);
      const own = await served(host, submission, "rsa", main);
      const entry = (name: string): string =>
        `  ${name}:\n    issuer: private-ca\n    servers: ${server}\n    ca_domains: ["*"]\n`;
      await host.write("/etc/mailcert/mailcert.yaml", `certificates:\n${entry(main)}${entry(two)}`);
      const well = async (...args: readonly string[]): Promise<string> => {
        const { status, stdout, stderr } = await host.mailcert(args);
        expect({ args, status, stderr }, stdout).toMatchObject({ status: 0 });
        return stdout;
      };
      const leaves = async (): Promise<readonly string[]> => [
        await leafOf(host, `${certificates}/${main}/live/ecdsa`),
        await leafOf(host, `${certificates}/${two}/live/ecdsa`),
      ];
      const expectServed = async (...wanted: readonly string[]): Promise<void> => {
        const [defaultLeaf = "", byName = defaultLeaf] = wanted;
        for (const [name, leaf] of [
          [two, byName],
          [main, defaultLeaf],
          [none, defaultLeaf],
        ] as const)
          await expect
            .poll(() => served(host, submission, "ecdsa", name), { timeout: 15_000, message: name })
            .toBe(leaf);
      };
      if (asks) {
        // Listeners are somebody's own lines: unasked, the first certificate alone is served, and the rest is told.
        const { status, stdout } = await host.mailcert(["renew"]);
        expect(status, stdout).toBe(1);
        expect(stdout).toContain(`clients that ask for a name of ${two}`);
        expect(stdout).toContain("mailcert deploy --yes");
        expect(await well("deploy", "--yes")).toContain("$mailcert");
      } else await well("renew");
      await expectServed(...(await leaves()));
      const settled = await files(host);
      expect(await well("status")).toContain(two);
      await well("renew", "--force", "--new-key", two);
      expect(await files(host)).toBe(settled);
      await expectServed(...(await leaves()));

      await well("deploy", "--remove", two);
      await expectServed((await leaves())[0] ?? "");
      await well("deploy", two);
      await expectServed(...(await leaves()));
      expect(await files(host)).toBe(settled);
      await well("deploy", "--remove");
      expect(await files(host)).toBe(before);
      // Without a certificate of its own, Exim makes one for each connection.
      const rsa = (): Promise<string> => served(host, submission, "rsa", two);
      if (server === "exim") await expect.poll(rsa, { timeout: 15_000 }).toMatch(/./);
      else await expect.poll(rsa, { timeout: 15_000 }).toBe(own);
      expect(await leaves()).not.toContain(await served(host, submission, "ecdsa", two));
    } finally {
      await host.stop();
    }
  }, 600_000);
});
