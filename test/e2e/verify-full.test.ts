// verify --full about real Dovecot and Postfix, of both generations: what takes connections of its own finds nothing wrong with them.
import { expect, test } from "vitest";
import { name, onHost } from "./deployed-host.ts";
import { countAtRest } from "./log-counts.ts";

const lmtp = `service lmtp {
  inet_listener lmtp {
    port = 24
  }
}
`;

/** The checks that judged a port, and how: passed, or with a finding. */
const judged = (junit: string, check: string, port: number): "passed" | "failed" | "not judged" => {
  const cases = [...junit.matchAll(/<testcase\b[^>]*?(?:\/>|>[\s\S]*?<\/testcase>)/g)].map(([text]) => text);
  const mine = cases.filter((text) => text.includes(`"${check}"`) && text.includes(`:${port}`));
  if (mine.length === 0) return "not judged";
  return mine.some((text) => /<failure|<error/.test(text)) ? "failed" : "passed";
};

test.each(["bookworm", "trixie"] as const)(
  "%s: no command injection; submission that takes mail without TLS, and without its sibling",
  async (suite) => {
    await onHost({ suite, start: ["postfix"] }, async (host) => {
      await host.write("/etc/dovecot/conf.d/99-lmtp.conf", lmtp);
      await host.startDovecot([24, 110, 143, 4190]);
      const ports = { imap: 143, pop3: 110, sieve: 4190, smtp: 25, lmtp: 24 };
      const run = await host.mailcert([
        "verify",
        ...Object.entries(ports).map(([protocol, port]) => `${protocol}://${name}:${port}`),
        "--full",
        "--format",
        "junit",
      ]);
      for (const port of Object.values(ports))
        expect(judged(run.stdout, "st-cmd-inj", port), run.stdout).toBe("passed");
      // Postfix counts what it executes.
      await expect.poll(() => host.log(), { timeout: 10_000 }).toMatch(/disconnect from .* starttls=1 quit=1/);
      expect(await host.log()).not.toMatch(/noop=/);

      // Submission as Debian ships it commented out, first without its demand for TLS, then with it.
      const submission = async (check: string): Promise<string> =>
        (await host.mailcert(["verify", `submission://${name}`, "--full", "--check", check])).stdout.replaceAll(
          /\s+/g,
          " ",
        );
      await host.must(["postconf", "-M", "submission/inet=submission inet n - y - - smtpd"]);
      await host.must(["postfix", "reload"]);
      await expect.poll(() => submission("net-reach"), { timeout: 20_000 }).toContain("all as it should be");
      expect(await submission("st-enforced")).toContain(
        'MAIL FROM in clear is answered "250 2.1.0 Ok" (nothing was sent)',
      );
      expect((await host.mailcert(["verify", name, "--check", "implicit"])).stdout.replaceAll(/\s+/g, " ")).toContain(
        `offers submission://${name}:587 and not submissions://${name}:465`,
      );
      await host.must(["postconf", "-P", "submission/inet/smtpd_tls_security_level=encrypt"]);
      await host.must(["postfix", "reload"]);
      await expect.poll(() => submission("st-enforced"), { timeout: 20_000 }).toContain("all as it should be");
    });
  },
);

const besides =
  "net-reach,st-adv,st-refused,st-resp-inj,st-cmd-inj,st-auth-clear,st-caps,tls-handshake,cert-name,sni,cert-trust,cert-chain,cert-expiry,cert-life,cert-revoke,cert-key,cert-eku,cert-same,cert-dual,implicit,net-equal";

test.each(["bookworm", "trixie"] as const)(
  "%s: as many connections as --dry-run says; what is found is in healthy.test.ts",
  async (suite) => {
    await onHost({ suite }, async (host) => {
      const made = await host.mailcert(["setup", name, "--key", "ecdsa", "--key", "rsa", "--yes"]);
      expect(made.status, made.stderr).toBe(0);
      await host.must("cp /var/lib/mailcert/ca/*/root.pem /tmp/root.pem");
      // Without the checks of the profile of TLS, which have their own test.
      const line = ["verify", name, "--full", "--check", besides, "--ca-file", "/tmp/root.pem"];
      const mailed = async (): Promise<number> =>
        (await host.log()).split("postfix/smtpd").filter((text) => /^\[\d+\]: connect from/.test(text)).length;
      const before = await countAtRest(mailed);
      const plan = JSON.parse((await host.mailcert([...line, "--dry-run", "--json"])).stdout) as {
        readonly entries: readonly { readonly port: number; readonly connections: number }[];
      };
      expect(await countAtRest(mailed)).toBe(before);
      const run = await host.mailcert([...line, "--json"]);
      expect(run.status, run.stdout).toBe(0);
      const planned = plan.entries.find(({ port }) => port === 25)?.connections ?? 0;
      expect(planned).toBeGreaterThan(0);
      await expect.poll(mailed, { timeout: 20_000 }).toBeGreaterThanOrEqual(before + planned);
      expect(await countAtRest(mailed)).toBe(before + planned);
    });
  },
);
