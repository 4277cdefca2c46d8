// One Postfix that serves each deployment under its name, TLSA records in a signed zone, and four that are asked whether they would deliver: openssl, Postfix's own client, GnuTLS's danetool, mailcert.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Issued } from "../fakes/pki.ts";
import { daneDeployments } from "../lab/agreement-dane.ts";
import {
  type DaneDeployment,
  type DaneJudge,
  type DaneVerdict,
  daneJudges,
  makeDanePki,
} from "../lab/dane-deployment.ts";
import { differenceIn } from "../lab/agreement-trust.ts";
import type { Suite } from "../lab/parts.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startSignedZone } from "../lab/signed-zone.ts";
import { serveByName } from "../lab/sni-postfix.ts";

const checks = ["dane-match", "dane-ta", "dane-usage", "dane-sec", "cert-expiry", "net-reach"];
const zoneOf = ({ zone = "example.org" }: DaneDeployment): string => zone;
const hostOf = (row: DaneDeployment): string => `${row.id}.${zoneOf(row)}`;

interface Served {
  readonly row: DaneDeployment;
  readonly chain: readonly Issued[];
  readonly second?: readonly Issued[];
  readonly tlsa: readonly string[];
}

interface Finding {
  readonly url: string;
  readonly said: readonly string[];
}

/** Lines of the host's zone, names relative to it. */
const recordsOf = ({ row, tlsa }: Served): readonly string[] => {
  const base = row.alias === "host" ? `${row.id}-target` : row.id;
  const owner = row.alias === "owner" ? `${row.id}-records` : `_25._tcp.${base}`;
  if (row.alias === "outside")
    return [`${row.id} CNAME ${row.id}.example.net.`, ...tlsa.map((record) => `${owner} TLSA ${record}`)];
  return [
    ...(row.alias === "host" ? [`${row.id} CNAME ${base}`] : []),
    ...(row.alias === "owner" ? [`_25._tcp.${base} CNAME ${owner}`] : []),
    `${base} A 192.0.2.10`,
    ...tlsa.map((record) => `${owner} TLSA ${record}`),
  ];
};

const commands: Readonly<Record<DaneJudge, (served: Served) => string>> = {
  // It is told the records, and knows nothing of zones and of what mail does not use.
  openssl: ({ row, tlsa }) =>
    `openssl s_client -connect 192.0.2.10:25 -starttls smtp -no-CAfile -no-CApath -no-CAstore -verify_return_error -dane_ee_no_namechecks \
       -dane_tlsa_domain ${hostOf(row)} ${tlsa.map((record) => `-dane_tlsa_rrdata "${record}"`).join(" ")} -brief </dev/null`,
  postfix: ({ row }) => `posttls-finger -c -l dane "[${hostOf(row)}]"`,
  // GnuTLS's own way to DANE: it validates by itself, over the host's resolver.
  danetool: ({ row }) => `danetool --check ${hostOf(row)} --port 25 --starttls-proto smtp --local-dns`,
};

const verdictOf: Readonly<Record<DaneJudge, (output: string) => DaneVerdict>> = {
  danetool: (output) => {
    if (/^Verification: Certificate matches\./m.test(output)) return "verified";
    if (/^Verification: Verification failed\./m.test(output)) return "refused";
    if (output.includes("dane_query_tlsa: No DANE data were found.")) return "open";
    if (output.includes("Temporary failure in name resolution")) return "refused";
    throw new Error(output);
  },
  openssl: (output) => (/^Verification: OK$/m.test(output) && /^== status 0$/m.test(output) ? "verified" : "refused"),
  postfix: (output) => {
    if (output.includes("posttls-finger: Verified TLS connection established")) return "verified";
    if (output.includes("all TLSA records unusable, fallback to unauthenticated TLS")) return "open";
    // The mail waits: for another certificate, or for an answer from DNS.
    if (/(?:server|CA) certificate verification failed/.test(output)) return "refused";
    if (output.includes("posttls-finger: Untrusted TLS connection established")) return "open";
    if (output.includes("Host not found, try again")) return "refused";
    throw new Error(output);
  },
};

describe.each<Suite>(["bookworm", "trixie"])("%s", (suite) => {
  let host: MailHost;
  const said = new Map<string, string>();
  let served: readonly Served[];
  let ours: ReadonlyMap<string, readonly string[]>;

  const ask = async (judge: DaneJudge): Promise<void> => {
    const lines = served.map((one, index) => `echo "== ${index}"; (${commands[judge](one)}) 2>&1; echo "== status $?"`);
    const { stdout } = await host.exec(lines.join("\n"), { timeoutMs: 60_000 });
    for (const [, index = "", output = ""] of stdout.matchAll(/^== (\d+)\n([\s\S]*?^== status \d+)$/gm))
      said.set(`${judge} ${served[Number(index)]?.row.id}`, output);
  };

  const findingsOf = async (rows: readonly Served[], ...options: readonly string[]): Promise<readonly Finding[]> => {
    if (rows.length === 0) return [];
    const args = checks.flatMap((check) => ["--check", check]);
    const urls = rows.map(({ row }) => `smtp://${hostOf(row)}`);
    const { stdout, stderr } = await host.mailcert(["verify", "--json", ...options, ...args, ...urls]);
    const { entries } = JSON.parse(stdout) as {
      entries?: readonly { url: string; findings: readonly { severity: string; check: string }[] }[];
    };
    if (entries === undefined) throw new Error(stdout + stderr);
    return entries.flatMap(({ url, findings }) => [
      { url, said: [] as readonly string[] },
      ...findings.map((one) => ({ url, said: [`${one.severity} ${one.check}`] })),
    ]);
  };
  const askMailcert = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
    // A second kind of key is asked for with --full.
    const [two, one] = [served.filter(({ second }) => second), served.filter(({ second }) => !second)];
    const all = [...(await findingsOf(one)), ...(await findingsOf(two, "--full"))];
    return new Map(all.map(({ url }) => [url, all.flatMap((each) => (each.url === url ? each.said : [])).toSorted()]));
  };

  beforeAll(async () => {
    const pki = await makeDanePki();
    served = await Promise.all(
      daneDeployments.map(async (row) => {
        const chain = await row.chain(pki, hostOf(row));
        const second = await row.second?.(pki, hostOf(row));
        return { row, chain, ...(second ? { second } : {}), tlsa: row.tlsa(chain, pki) };
      }),
    );
    host = await startMailHost({ suite });
    const inZone = (zone: string): readonly string[] =>
      served.filter(({ row }) => zoneOf(row) === zone).flatMap((one) => recordsOf(one));
    await startSignedZone(host, {
      zone: "example.org",
      records: inZone("example.org"),
      others: {
        "example.net": [
          ...inZone("example.net"),
          ...served.flatMap(({ row }) => (row.alias === "outside" ? [`${row.id} A 192.0.2.10`] : [])),
        ],
      },
      bogus: { "example.com": inZone("example.com") },
    });
    await serveByName(host, [
      ...served.map(({ row, ...chains }) => ({ name: hostOf(row), ...chains })),
      // Senders ask for the name that the records stand at (RFC 7672 §8.1).
      ...served
        .filter(({ row }) => row.alias === "host")
        .map(({ row, chain }) => ({ name: `${row.id}-target.${zoneOf(row)}`, chain })),
      { name: "", chain: [pki.foreign] },
    ]);
    await host.must("mkdir -p /usr/share/dns && cp /srv/signed-zone/anchor /usr/share/dns/root.key");
    [ours] = await Promise.all([askMailcert(), ...daneJudges.map(ask)]);
  });
  afterAll(() => host.stop());

  describe.each(daneDeployments)("$what", (row) => {
    it("mailcert", () => {
      expect(ours.get(`smtp://${hostOf(row)}:25`)).toEqual(row.ours);
      expect(row.ours.some((finding) => finding.startsWith("fault"))).toBe(row.verdict === "refused");
    });

    // Records that nobody may believe or use are a sender's to judge.
    it.each(daneJudges.filter((judge) => judge === "postfix" || row.verdict !== "open"))("%s", (judge) => {
      const output = said.get(`${judge} ${row.id}`) ?? "";
      const differs = differenceIn(row.differs?.[judge], suite);
      const expected: DaneVerdict = differs?.verdict ?? row.verdict;
      expect(verdictOf[judge](output), `${differs?.because}\n${output}`).toBe(expected);
      // A difference that is none any more has to leave the table.
      if (differs) expect(expected).not.toBe(row.verdict);
    });
  });
});
