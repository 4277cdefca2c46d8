// Servers as Debian installs them, with a certificate of mailcert's private CA: every finding of verify and verify --full has its reason here.
import { expect, test } from "vitest";
import { checks } from "../../src/checks/index.ts";
import { listening, name, onHost } from "./deployed-host.ts";

type Suite = "bookworm" | "trixie";

interface Justified {
  readonly finding: string;
  /** "run": about the whole. */
  readonly at: readonly number[] | "run";
  /** Default: both. */
  readonly suite?: Suite;
  /** With --full alone. */
  readonly full?: true;
  readonly why: string;
}

const table: readonly Justified[] = [
  {
    finding: "info cert-trust",
    at: "run",
    why: "the root is mailcert's own: other machines know it where it was imported",
  },
  {
    finding: "info st-auth-clear",
    at: [143, 110, 4190],
    why: "Dovecot takes a client that comes from its own address as secure, and offers it a login before TLS",
  },
  {
    finding: "info ciph-phase",
    at: [143, 993, 110, 995, 4190],
    suite: "bookworm",
    full: true,
    why: "Dovecot 2.3's default suites have finite-field Diffie-Hellman (with Debian's prime of 4,096 bits)",
  },
  {
    finding: "info kex-pq",
    at: [143, 993, 110, 995, 4190],
    suite: "bookworm",
    full: true,
    why: "Debian 12 has OpenSSL 3.0, which knows no ML-KEM",
  },
  {
    finding: "warning ver-legacy",
    at: [25],
    full: true,
    why: "Postfix takes TLS 1.0 and 1.1 where clear text would be the alternative",
  },
  {
    finding: "fault ver-legacy",
    at: [587, 465],
    full: true,
    why: "Debian's Postfix leaves TLS 1.0 and 1.1 on for people's programs too, which RFC 8997 forbids",
  },
  {
    finding: "info ciph-weak",
    at: [25],
    full: true,
    why: "Postfix takes static RSA where clear text would be the alternative; the certificate has an RSA key",
  },
  {
    finding: "warning ciph-weak",
    at: [587, 465],
    full: true,
    why: "static RSA is not switched off for people's programs either",
  },
  {
    finding: "warning ciph-broken",
    at: [587, 465],
    full: true,
    why: "smtpd_tls_mandatory_exclude_ciphers is empty by default: anonymous suites are there for who asks",
  },
  {
    finding: "info ciph-phase",
    at: [25, 587, 465],
    full: true,
    why: "Postfix's default list goes down to CBC and finite-field Diffie-Hellman",
  },
  {
    finding: "info kex-pq",
    at: [25, 587, 465],
    full: true,
    why: "Postfix lists its groups itself (tls_eecdh_auto_curves), in Debian 12 and 13 without ML-KEM",
  },
];

interface Report {
  readonly findings: readonly Said[];
  readonly entries: readonly { readonly port: number; readonly slot?: string; readonly findings: readonly Said[] }[];
}
interface Said {
  readonly severity: string;
  readonly check: string;
}

const ports = [25, 110, 143, 465, 587, 993, 995, 4190];
const idsOf = (findings: readonly Said[]): readonly string[] => [
  ...new Set(findings.map(({ severity, check }) => `${severity} ${check}`)),
];

/** What the table expects, by place. */
const expected = (suite: Suite, full: boolean): Readonly<Record<string, readonly string[]>> => {
  const rows = table.filter((row) => (row.suite ?? suite) === suite && (full || !row.full));
  const at = (place: number | "run"): readonly string[] =>
    rows
      .filter((row) => (row.at === "run" ? place === "run" : row.at.some((port) => port === place)))
      .map(({ finding }) => finding);
  return Object.fromEntries([...ports, "run" as const].map((place) => [place, at(place).toSorted()]));
};

const seen = ({ entries, findings }: Report): Readonly<Record<string, readonly string[]>> => ({
  ...Object.fromEntries(
    ports.map((port) => [
      port,
      idsOf(entries.filter((entry) => entry.port === port).flatMap((entry) => entry.findings)).toSorted(),
    ]),
  ),
  run: idsOf(findings).toSorted(),
});

test("every row names a check that there is, and says why", () => {
  for (const { finding, why } of table) {
    expect(checks.map(({ id }) => id)).toContain(finding.split(" ")[1]);
    expect(why).toMatch(/^\S.{30,}$/);
  }
});

// Side by side: half of it is waiting.
test.concurrent.each(["bookworm", "trixie"] as const)(
  "%s: verify and verify --full say what the table says",
  async (suite) => {
    await onHost({ suite }, async (host) => {
      // Both submission services as Debian has them, commented out.
      await host.must(
        `postconf -M submission/inet="submission inet n - y - - smtpd" submissions/inet="submissions inet n - y - - smtpd" &&
       postconf -P submission/inet/smtpd_tls_security_level=encrypt submissions/inet/smtpd_tls_wrappermode=yes && postfix reload`,
      );
      await listening(host, 465, 587);
      const made = await host.mailcert([
        "setup",
        name,
        "--issuer",
        "private-ca",
        "--key",
        "ecdsa",
        "--key",
        "rsa",
        "--yes",
      ]);
      expect(made.status, made.stderr).toBe(0);
      const look = async (...more: readonly string[]): Promise<Report> => {
        const { stdout, stderr } = await host.mailcert(["verify", name, ...more, "--json"]);
        expect(stderr).toBe("");
        return JSON.parse(stdout) as Report;
      };
      expect(seen(await look())).toEqual(expected(suite, false));
      const full = await look("--full");
      expect(seen(full)).toEqual(expected(suite, true));
      for (const port of ports)
        expect(full.entries.filter((entry) => entry.port === port).map(({ slot }) => slot)).toEqual(["ecdsa", "rsa"]);
    });
  },
);
