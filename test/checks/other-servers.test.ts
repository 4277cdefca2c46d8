// Hints fit the server: nobody with a news, chat, directory or file server is sent to Dovecot's or Postfix's settings.
import { beforeAll, describe, expect, test } from "vitest";
import type { EntryCheck } from "../../src/checks/check.ts";
import { checks } from "../../src/checks/index.ts";
import { deadHosts } from "../../src/checks/net-reach.ts";
import { otherServers } from "../../src/checks/other-servers.ts";
import type { EntryPoint, ProtocolName } from "../../src/domain/entry-point.ts";
import type { Finding } from "../../src/domain/finding.ts";
import { meantFor } from "../../src/domain/meant-target.ts";
import type { TlsProfile } from "../../src/domain/tls-profile.ts";
import { usualPorts } from "../../src/domain/usual-ports.ts";
import { type FactsOptions, clearDialogue, entryFacts } from "../fakes/entry-facts.ts";
import { type Pki, issue, makePki } from "../fakes/pki.ts";

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});

const names = Object.keys(otherServers) as ProtocolName[];
const entryChecks = checks.filter((check): check is EntryCheck => check.scope === "entry");
const judge = (entry: Partial<EntryPoint>, options: FactsOptions): readonly Finding[] =>
  entryChecks.flatMap((check) => check.judge(entryFacts({ ...options, entry })));

/** What the full look can find, all at once. */
const worst: TlsProfile = {
  connections: 9,
  versions: { SSLv3: true, TLSv1: true, "TLSv1.1": true, "TLSv1.2": true, "TLSv1.3": false },
  brokenSuite: "TLS_RSA_WITH_RC4_128_MD5",
  weakSuite: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
  phaseOutSuite: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
  dhBits: 1024,
  weakGroup: "P-224",
  hybridGroup: null,
  largeHello: false,
  tls12: {
    suite: "TLS_RSA_WITH_AES_128_CBC_SHA",
    extendedMasterSecret: false,
    secureRenegotiation: false,
    compression: true,
    signatureHash: "SHA-1",
  },
};

type Broken = (mode: "starttls" | "implicit") => readonly (readonly [string, FactsOptions])[];
const failed = (stage: "connect" | "greeting" | "starttls" | "handshake", reason: string): FactsOptions => ({
  observation: { chain: [], error: { stage, reason: reason as "tls", message: "so" }, clear: clearDialogue },
});
const broken: Broken = (mode) => [
  ["net-reach", failed("connect", "refused")],
  ["net-reach", failed("greeting", "timeout")],
  ["net-reach", failed("greeting", "protocol")],
  ["net-reach", failed("greeting", "temporary")],
  ["net-reach", failed("greeting", "declined")],
  ["tls-handshake", failed("handshake", "tls")],
  ["cert-chain", { chain: [pki.leaf], verifyError: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }],
  ...(
    [
      "ver-legacy",
      "ciph-broken",
      "ciph-weak",
      "kex-dh",
      "kex-ec",
      "kex-pq",
      "kex-bigch",
      "reneg-sec",
      "comp",
      "ems",
    ] as const
  ).map((id) => [id, { chain: [pki.leaf, pki.intermediate], observation: { profile: worst } }] as const),
  ["wrap-misuse", { chain: [pki.leaf], observation: { wrongMode: true } }],
  ...(mode === "implicit"
    ? []
    : ([
        ["st-adv", failed("starttls", "not-offered")],
        ["st-refused", failed("starttls", "declined")],
        ["st-auth-clear", { observation: { clear: { ...clearDialogue, authInClear: ["PLAIN"] } } }],
      ] as const)),
];

describe.each(names.flatMap((name) => (["starttls", "implicit"] as const).map((mode) => [name, mode] as const)))(
  "%s %s",
  (protocol, mode) => {
    test("each finding comes with a hint for a server that speaks it", () => {
      const entry = { protocol, mode, port: usualPorts[protocol].ports[mode as "starttls"] };
      for (const [id, options] of broken(mode)) {
        const findings = judge(entry, options);
        expect(
          findings.map(({ check }) => check),
          id,
        ).toContain(id);
        for (const { check, hint, message } of findings) {
          expect(hint, check).toBeTruthy();
          expect(`${message} ${hint}`, check).not.toMatch(/dovecot|postfix|doveadm|mailcert deploy/i);
        }
      }
    });
  },
);

test.each([
  ["ldap", "starttls", 636, "greeting", "net-reach", "ldaps://mail.example.org:636"],
  ["ldap", "implicit", 389, "handshake", "tls-handshake", "ldap://mail.example.org:389"],
  ["xmpp-client", "implicit", 5222, "handshake", "tls-handshake", "xmpp-client://mail.example.org:5222"],
] as const)(
  "%s %s on %i: the one that hangs up is told the URL that was meant",
  (protocol, mode, port, stage, id, url) => {
    const meant = meantFor({ protocol, mode, port }, usualPorts);
    const findings = judge({ protocol, mode, port }, { ...failed(stage, "closed"), ...(meant ? { meant } : {}) });
    expect(findings).toMatchObject([{ check: id, hint: expect.stringContaining(`\`mailcert verify ${url}\``) }]);
  },
);

test("AUTH TLS that is taken and not listed is told, and no fault", () => {
  const clear = { ...clearDialogue, startTlsOffered: false };
  const findings = judge(
    { protocol: "ftp", mode: "starttls", port: 21 },
    { chain: [pki.leaf, pki.intermediate], observation: { clear } },
  );
  expect(findings).toMatchObject([{ check: "st-adv", severity: "info", hint: expect.stringContaining("vsftpd") }]);
});

describe("a unix socket", () => {
  const entry = { protocol: "lmtp", mode: "starttls", host: "localhost", address: "/run/lmtp", port: 0 } as const;

  test("nobody knows its certificate by a name, unless one was given", async () => {
    const leaf = await issue({ names: ["elsewhere.example"], by: pki.intermediate });
    const ids = (options: FactsOptions) => judge(entry, { chain: [leaf, pki.intermediate], ...options });
    expect(ids({}).map(({ check }) => check)).not.toContain("cert-name");
    const named = judge(
      { ...entry, host: "mail.example.org" },
      { chain: [leaf], observation: { sni: "mail.example.org" } },
    );
    expect(named.map(({ check }) => check)).toContain("cert-name");
  });

  test("that is not there is one finding, with where to look", () => {
    const facts = entryFacts({ ...failed("connect", "refused"), entry });
    const findings = entryChecks.flatMap((check) => check.judge(facts));
    expect(findings).toMatchObject([{ check: "net-reach", severity: "fault", hint: expect.stringMatching(/ss -lxp/) }]);
    expect(deadHosts([facts])).toEqual([]);
  });
});
