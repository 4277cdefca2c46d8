// verify --mx and --srv on a real host: a signed zone by Knot and Unbound, a policy host, Postfix and Dovecot; Postfix's own client is the judge.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { served } from "../lab/server-judge.ts";
import { type SignedZone, startSignedZone } from "../lab/signed-zone.ts";
import { eventually, leafIn } from "./deployed-host.ts";

const name = "mail.example.org";
let host: MailHost;
let zone: SignedZone;

/** A certificate of a root that the whole host trusts, as a public CA's would be. */
const certificate = (names: string, file: string): Promise<string> =>
  host.must(
    `cd /srv && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=${file}" -addext "subjectAltName=DNS:${names}" \
       -addext "basicConstraints=critical,CA:FALSE" -CA root.pem -CAkey root-key.pem -keyout ${file}-key.pem -out ${file}.pem 2>/dev/null &&
     cat ${file}-key.pem ${file}.pem root.pem >${file}-chain.pem && chmod 600 ${file}-chain.pem`,
  );

const policy = (mode: string, mx: string): Promise<void> =>
  host.write("/srv/web/.well-known/mta-sts.txt", `version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: 604800\r\n`);

/** And waits until it is served: a process of before the reload may still answer for a moment. */
const serve = async (file: string): Promise<void> => {
  await host.must(
    `postconf -e smtpd_tls_chain_files=/srv/${file}-chain.pem smtpd_tls_cert_file= smtpd_tls_key_file= && postfix reload`,
  );
  const smtp = { protocol: "smtp", mode: "starttls", port: 25 } as const;
  const leaf = await leafIn(host, `/srv/${file}.pem`);
  await eventually(async () => (await served(host, smtp, "ecdsa")) === leaf);
};

interface Document {
  readonly ok: boolean;
  readonly domains: readonly [{ readonly mx: object; readonly tlsa: readonly object[]; readonly sts: object }];
  readonly findings: readonly { readonly check: string; readonly severity: string; readonly message: string }[];
  readonly entries: readonly { readonly url: string; readonly findings: Document["findings"] }[];
}

const verify = async (...args: readonly string[]): Promise<Document & { readonly status: number | null }> => {
  const { status, stdout, stderr } = await host.mailcert(["verify", "--json", ...args]);
  const document = JSON.parse(stdout) as Document & { readonly error?: unknown };
  if (document.error !== undefined) throw new Error(stdout + stderr);
  return { ...document, status };
};
const wrong = ({ findings, entries }: Document): readonly string[] =>
  [...findings, ...entries.flatMap((entry) => entry.findings)]
    .filter(({ severity }) => severity !== "info")
    .map(({ severity, check }) => `${severity} ${check}`);

/** What a sender that checks DANE makes of it. */
const sender = async (): Promise<string> => {
  const { stdout } = await host.exec(`timeout 20 posttls-finger -l dane -c example.org 2>&1`);
  return /posttls-finger: (Verified|Trusted|Untrusted|Anonymous) TLS connection/.exec(stdout)?.[1] ?? stdout;
};

beforeAll(async () => {
  host = await startMailHost({ suite: "bookworm" });
  await host.must(
    `cd /srv && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=Web root" -keyout root-key.pem -out root.pem 2>/dev/null &&
     cat root.pem >>/etc/ssl/certs/ca-certificates.crt`,
  );
  await certificate("mta-sts.example.org", "policy");
  await certificate(name, "good");
  await certificate("other.example.org", "bad");
  const spki = await host.must(
    "openssl x509 -in /srv/good.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum",
  );
  await host.startPostfix();
  await serve("good");
  zone = await startSignedZone(host, {
    zone: "example.org",
    records: [
      "mail A 192.0.2.10",
      "@ MX 10 mail",
      // What is below it is delegated as signed, and is not: bogus.
      "mx2 A 192.0.2.10",
      "_tcp.mx2 NS ns",
      `_tcp.mx2 DS 1 13 2 ${"ab".repeat(32)}`,
      `_25._tcp.mail TLSA 3 1 1 ${spki.split(" ")[0]}`,
      "mta-sts A 127.0.0.1",
      '_mta-sts TXT "v=STSv1; id=1;"',
      "_imaps._tcp SRV 0 1 993 mail",
      "_submissions._tcp SRV 0 1 465 mail",
    ],
    others: { org: [], "example.net": ["@ MX 0 ."], "example.com": ["@ MX 10 mx2.example.org."] },
  });
  await policy("enforce", name);
  host.spawn("cd /srv/web && exec openssl s_server -accept 443 -cert ../policy.pem -key ../policy-key.pem -WWW -quiet");
  await host.must('for i in $(seq 100); do [ -n "$(ss -Hltn "sport = :443")" ] && exit 0; sleep 0.1; done; exit 1');
});
afterAll(() => host.stop());

describe("--mx", () => {
  it("finds the host by its MX record, with DANE and MTA-STS, and nothing wrong; so does Postfix", async () => {
    const seen = await verify("--mx", "example.org");
    expect(wrong(seen)).toEqual([]);
    expect(seen).toMatchObject({
      status: 0,
      entries: [{ url: "smtp://mail.example.org:25" }],
      domains: [
        {
          domain: "example.org",
          mx: { kind: "found", secure: true, records: [{ preference: 10, host: name }] },
          tlsa: [{ host: name, kind: "found", secure: true }],
          sts: { kind: "found", policy: { mode: "enforce", mx: [name] } },
        },
      ],
    });
    expect(await sender()).toBe("Verified");
  });

  it("a policy that lists another host, and one that does not understand itself", async () => {
    await policy("enforce", "mx.example.net");
    expect(wrong(await verify("--mx", "example.org"))).toEqual(["fault sts-mx"]);
    await policy("enforced", name);
    expect(wrong(await verify("--mx", "example.org"))).toEqual(["warning sts-policy"]);
    await policy("enforce", name);
  });

  it("another certificate than DANE and MTA-STS promise; Postfix does not take it either", async () => {
    await serve("bad");
    const seen = await verify("--mx", "example.org");
    expect(wrong(seen).toSorted()).toEqual(["fault dane-match", "fault sts-mx"]);
    expect(seen.status).toBe(1);
    expect(await sender()).not.toBe("Verified");
    await serve("good");
  });

  it("a pinned key with a certificate that ended, for another name (3 1 1): Postfix delivers, and the run ends well", async () => {
    await host.must(
      `cd /srv && faketime "60 days ago" openssl req -x509 -key good-key.pem -days 30 -subj /CN=old -addext subjectAltName=DNS:old.example.org \
         -addext basicConstraints=critical,CA:FALSE -CA root.pem -CAkey root-key.pem -out old.pem 2>/dev/null && cat good-key.pem old.pem root.pem >old-chain.pem`,
    );
    await serve("old");
    const seen = await verify("smtp://mail.example.org");
    const said = seen.entries.flatMap(({ findings }) => findings).map(({ severity, check }) => `${severity} ${check}`);
    expect(said).toEqual(expect.arrayContaining(["info cert-name", "warning cert-expiry"]));
    expect(said.filter((one) => one.startsWith("fault"))).toEqual([]);
    expect(seen.status).toBe(0);
    expect(await sender()).toBe("Verified");
    // MTA-STS is another matter.
    expect(wrong(await verify("--mx", "example.org"))).toContain("fault sts-mx");
    await serve("good");
  });

  it("CAA: what concerns the host, and one that lets nobody certify it", async () => {
    const caa = async (): Promise<readonly string[]> => {
      const { entries } = await verify("--mx", "example.org");
      return entries
        .flatMap(({ findings }) => findings)
        .flatMap(({ check, message }) => (check === "cert-caa" ? [message] : []));
    };
    expect(await caa()).toEqual([`no CAA record concerns ${name}: every public CA may certify it`]);
    await zone.add(`@ 5 CAA 0 issue '"ca.example"'`);
    expect(await caa()).toEqual([]);
    await zone.add(`mail 5 CAA 0 issue '";"'`);
    expect(await caa()).toEqual([`CAA at ${name} lets no CA certify ${name}: the next renewal will be refused`]);
    await zone.remove(`mail 5 CAA 0 issue '";"'`);
    await zone.remove(`@ 5 CAA 0 issue '"ca.example"'`);
  });

  it("name servers that fail for the TLSA records of a signed host: Postfix keeps the mail too", async () => {
    const seen = await verify("--mx", "example.com");
    expect(wrong(seen)).toEqual(["fault dane-nxdomain"]);
    const { stdout } = await host.exec("timeout 20 posttls-finger -l dane -c '[mx2.example.org]' 2>&1");
    expect(stdout).toMatch(/TLSA lookup error/);
    expect(stdout).not.toContain("TLS connection established");
  });

  it("a domain that takes no mail, and says so", async () => {
    const { status, stdout } = await host.mailcert(["verify", "--mx", "example.net"]);
    expect([status, stdout]).toEqual([0, expect.stringContaining("example.net takes no mail")]);
  });
});

describe("--srv", () => {
  it("looks where programs are sent to: Dovecot answers, on 465 nobody does", async () => {
    await host.startDovecot();
    const { status, entries } = await verify("--srv", "example.org", "--skip", "cert-trust", "--skip", "cert-life");
    expect(entries.map(({ url }) => url)).toEqual([
      "imaps://mail.example.org:993",
      "submissions://mail.example.org:465",
    ]);
    expect(entries.map(({ findings }) => findings.map(({ severity, check }) => `${severity} ${check}`))).toEqual([
      // RFC 7817 §5 wants the domain's name there too.
      ["info cert-name-csr"],
      ["fault net-reach"],
    ]);
    expect(status).toBe(1);
  });
});

it("without name servers nothing is known, and that is no success", async () => {
  await zone.stopResolver();
  const { status, findings } = await verify("--mx", "example.org");
  expect(findings.map(({ severity, check }) => `${severity} ${check}`)).toEqual([
    "fault mx-host",
    "warning sts-policy",
  ]);
  expect(status).toBe(1);
});
