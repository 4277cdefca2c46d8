// Editing keeps what is there, is idempotent, and reads back as what was asked for.
import { csrConflict } from "../../src/domain/csr-conflict.ts";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { editConfig } from "../../src/config/edit.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { acmeCaNames, acmeCas } from "../../src/domain/acme-directories.ts";
import type { CertificateConfig, IssuerSettings } from "../../src/domain/certificate-config.ts";
import { usualAcme, usualCertificate } from "../fakes/settings.ts";
import { sameElsewhere } from "../../src/domain/fallback.ts";

const base: CertificateConfig = {
  name: "mail.example.org",
  names: ["mail.example.org"],
  keys: ["ecdsa"],
  issuer: { kind: "private-ca", ca: "default", days: 397 },
  servers: "auto",
  ...usualCertificate,
};

const certificatesOf = (text: string): readonly CertificateConfig[] => {
  const result = parseConfig([{ path: "x", text }]);
  if ("problems" in result) throw new Error(JSON.stringify(result.problems));
  return result.config.certificates;
};

describe("a new file", () => {
  test("holds what differs from the defaults, and says what it is", () => {
    const text = editConfig(undefined, { ...base, names: ["mail.example.org", "imap.example.org"], bundle: "/srv/b" });
    expect(text)
      .toBe(`# mailcert's configuration. "mailcert config check" reads it with line numbers, "mailcert config show" adds the defaults.
# One entry for each certificate; "mailcert config --help" lists the settings.

schema: 1
certificates:
  mail.example.org:
    names:
      - mail.example.org
      - imap.example.org
    issuer: private-ca
    bundle: /srv/b
`);
  });
});

describe("an existing file", () => {
  const text = `# ours
schema: 1

certificates:
  # the old host
  old.example.org: { issuer: self-signed } # quick
  Mail.Example.org:
    # never change this
    names: [mail.example.org, smtp.example.org]   # both
    days: 397 # spelled out
    servers: none
`;
  test("keeps comments, other entries and spelled-out defaults", () => {
    const edited = editConfig(text, {
      ...base,
      keys: ["rsa"],
      issuer: { kind: "private-ca", ca: "default", days: 397 },
    });
    for (const kept of ["# ours", "# the old host", "# quick", "# never change this", "days: 397 # spelled out"]) {
      expect(edited).toContain(kept);
    }
    expect(edited).not.toContain("servers:");
    expect(certificatesOf(edited)).toEqual([
      { ...base, name: "old.example.org", names: ["old.example.org"], issuer: { kind: "self-signed", days: 397 } },
      { ...base, keys: ["rsa"] },
    ]);
  });
  test("another issuer takes the old one's settings away, spelled-out defaults too", () => {
    const issuer: IssuerSettings = {
      kind: "acme",
      directory: acmeCas.letsencrypt.directory,
      ca: "letsencrypt",
      agreeTos: true,
      ...usualAcme,
      httpAddress: ":80",
    };
    const edited = editConfig(text, { ...base, issuer });
    expect(edited).not.toContain("days: 397");
    expect(certificatesOf(edited)[1]).toEqual({ ...base, issuer });
  });
  test("is not touched at all where it already says so", () => {
    const [, mail] = certificatesOf(text);
    expect(mail && editConfig(text, mail)).toBe(text);
  });
  test("comments alone are kept above the new content", () => {
    expect(editConfig("# note to self\n", base)).toMatch(/^# note to self\n\nschema: 1\n/);
  });
  test("with problems is refused as a whole", () => {
    expect(() => editConfig("certificates:\n  x: [", base, "/etc/m.yaml")).toThrow(/\/etc\/m\.yaml:\d+:\d+: /);
  });
  test("without certificates gets them", () => {
    expect(certificatesOf(editConfig("schema: 1\n", base))).toEqual([base]);
    expect(certificatesOf(editConfig("certificates: {}\n", base))).toEqual([base]);
  });
  test("an entry without settings is filled", () => {
    const wanted = { ...base, keys: ["rsa"] } as const;
    expect(certificatesOf(editConfig("certificates:\n  mail.example.org:\n", wanted))).toEqual([wanted]);
  });
});

const label = fc.stringMatching(/^[a-z]([a-z0-9]{0,5})$/);
const hostName = fc.tuple(label, label).map(([a, b]) => `${a}.${b}.example`);
const path = fc.stringMatching(/^\/[a-zA-Z0-9 :#'"{}[\],&*!|>%@`._-]{1,20}$/);
const days = fc.integer({ min: 1, max: 825 });
const sparse = { requiredKeys: [] as [] };

const acme = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...acmeCaNames).map((ca) => ({ ca, directory: acmeCas[ca].directory })),
      hostName.map((host) => ({ directory: `https://${host}/dir` })),
    ),
    fc.record({ email: hostName.map((host) => `post+master@${host}`) }, sparse),
    fc.record({ caFile: path }, sparse),
    fc.boolean(),
    fc.constantFrom(":80", "192.0.2.1:8080", "[2001:db8::1]:80"),
  )
  .map(([ca, email, caFile, agreeTos, httpAddress]): IssuerSettings => ({
    kind: "acme",
    ...ca,
    ...email,
    ...caFile,
    agreeTos,
    ...usualAcme,
    httpAddress,
  }));

const acmeMore = fc
  .tuple(
    acme,
    fc.record(
      {
        challenges: fc.constant(["http-01"] as const),
        webroot: path,
        tlsAlpnAddress: fc.constantFrom(":443", "192.0.2.1:8443"),
        dns: label,
        eab: fc.tuple(label, path).map(([kid, hmacFile]) => ({ kid, hmacFile })),
        profiles: fc.constantFrom([], ["shortlived"], ["tlsserver", "classic"]),
        rsaProfiles: fc.constantFrom(["classic"], ["a", "b"]),
        preferredChain: fc.constantFrom("ISRG Root X1", `sha256:${"ab".repeat(32)}`),
        days,
      },
      sparse,
    ),
  )
  .map(([settings, more]): IssuerSettings => ({ ...settings, ...more }));

const privateCa = fc
  .tuple(
    days,
    label,
    fc.record(
      { caDomains: fc.oneof(fc.constant(["*"]), fc.uniqueArray(hostName, { minLength: 1, maxLength: 3 })) },
      sparse,
    ),
  )
  .map(([days, ca, domains]): IssuerSettings => ({ kind: "private-ca", ca, days, ...domains }));

const certificate: fc.Arbitrary<CertificateConfig> = fc
  .record({
    names: fc.uniqueArray(
      fc.oneof(
        hostName,
        hostName.map((name) => `*.${name}`),
        fc.constant("192.0.2.7"),
      ),
      { minLength: 1, maxLength: 4 },
    ),
    name: hostName,
    keys: fc.constantFrom<CertificateConfig["keys"]>(["ecdsa"], ["rsa"], ["rsa-4096", "ecdsa-p384"], ["ecdsa", "rsa"]),
    issuer: fc.oneof(
      acme,
      acmeMore,
      privateCa,
      days.map((days): IssuerSettings => ({ kind: "self-signed", days })),
    ),
    servers: fc.constantFrom<CertificateConfig["servers"]>("auto", [], ["dovecot"], ["postfix", "dovecot"]),
    reuseKey: fc.boolean(),
    onDeadName: fc.constantFrom("fail" as const, "drop" as const, "order" as const),
    paths: fc.record({ bundle: path, csr: path, signProfile: path }, sparse),
    further: fc.boolean(),
    bound: fc.boolean(),
    own: fc.boolean(),
  })
  .map(({ paths, own, further, bound, name, names, issuer, ...rest }): CertificateConfig => {
    const { directory } = acmeCas["letsencrypt-staging"];
    const elsewhere = further && issuer.kind === "acme" && issuer.directory !== directory;
    const unnamed = further && issuer.kind === "acme" && issuer.ca === undefined;
    const eab = bound ? { eab: { kid: "Kid: 1", hmacFile: "/etc/mailcert/secrets/second" } } : {};
    const fallbacks = [
      ...(unnamed ? [sameElsewhere(issuer, { directory: "https://second.example/dir", ...eab })] : []),
      ...(elsewhere ? [sameElsewhere(issuer, { ca: "letsencrypt-staging", directory, ...eab })] : []),
    ];
    const whole = { name, names: own ? [name] : names, issuer, fallbacks, ...rest, ...paths };
    const { csr: _csr, ...without } = whole;
    return csrConflict(whole) ? without : whole;
  });

test("whatever is written reads back, twice is once, and other entries stay", () => {
  fc.assert(
    fc.property(certificate, certificate, certificate, (first, second, third) => {
      const bare = ({ bundle: _bundle, ...rest }: CertificateConfig): CertificateConfig => rest;
      const other = { ...bare(second), name: `other.${second.name}` };
      let text = editConfig(undefined, first);
      expect(certificatesOf(text)).toEqual([first]);
      text = editConfig(text, other);
      expect(certificatesOf(text)).toEqual([first, other]);
      const changed = { ...third, name: first.name };
      text = editConfig(text, changed);
      expect(certificatesOf(text)).toEqual([changed, other]);
      expect(editConfig(text, changed)).toBe(text);
    }),
    { numRuns: 200 },
  );
});

test("what would be no valid entry is said as that, not as a file that cannot be edited", () => {
  const dns01 = {
    ...base,
    issuer: {
      ...usualAcme,
      kind: "acme",
      directory: acmeCas.letsencrypt.directory,
      ca: "letsencrypt",
      agreeTos: true,
      httpAddress: ":80",
      challenges: ["dns-01"],
    },
  } as const;
  for (const text of [undefined, "certificates:\n  old.example.org:\n"]) {
    expect(() => editConfig(text, dns01)).toThrow(
      expect.objectContaining({
        kind: "usage",
        message: "mail.example.org cannot be configured so: dns-01 needs to know how DNS is changed",
        hints: [expect.stringContaining("docs/dns.md")],
      }),
    );
  }
});
