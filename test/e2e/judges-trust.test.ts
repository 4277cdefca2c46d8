// One Postfix that serves each deployment under its name, and four that are asked whether they take it: openssl, gnutls-cli, Postfix's own client, mailcert.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { domainToASCII } from "node:url";
import {
  type Deployment,
  type TrustJudge,
  deployments,
  differenceIn,
  judgeVersions,
  makeTrustPki,
  trustJudges,
} from "../lab/agreement-trust.ts";
import type { Suite } from "../lab/parts.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { serveByName } from "../lab/sni-postfix.ts";

const checks = ["cert-name", "cert-trust", "cert-chain", "cert-expiry", "cert-eku"];
const targetOf = ({ id, target }: Deployment): string => target ?? `${id}.example.org`;
const isIp = (target: string): boolean => /^[\d.]+$/.test(target);

/** A command that succeeds where the judge takes what it is shown. */
const commands: Readonly<Record<TrustJudge, (target: string) => string>> = {
  openssl: (target) => {
    // It compares A-labels only, and converts nothing.
    const name = domainToASCII(target);
    const asked = isIp(target) ? `-noservername -verify_ip ${target}` : `-servername ${name} -verify_hostname ${name}`;
    return `openssl s_client -connect 192.0.2.10:587 -starttls smtp ${asked} -verify_return_error -CAfile /srv/trusted.pem -brief </dev/null`;
  },
  gnutls: (target) => `gnutls-cli --starttls-proto=smtp --port=587 --x509cafile=/srv/trusted.pem ${target} </dev/null`,
  postfix: (target) =>
    `posttls-finger -c -h native -l secure -F /srv/trusted.pem ${isIp(target) ? "" : `-s ${domainToASCII(target)}`} "[${target}]:587" hostname 2>&1 | grep "Verified TLS connection"`,
};

interface Seen {
  readonly accepted: boolean;
  readonly output: string;
}

describe.each<Suite>(["bookworm", "trixie"])("%s", (suite) => {
  let host: MailHost;
  const seen = new Map<string, Seen>();
  let ours: ReadonlyMap<string, readonly string[]>;

  /** All targets, one after the other, in one shell: what each said stands between its marks. */
  const ask = async (judge: TrustJudge): Promise<void> => {
    const lines = deployments.map(
      (row, index) => `echo "== ${index}"; (${commands[judge](targetOf(row))}) 2>&1; echo "== status $?"`,
    );
    const { stdout } = await host.exec(lines.join("\n"));
    for (const [, index = "", output = "", status = ""] of stdout.matchAll(/^== (\d+)\n([\s\S]*?)^== status (\d+)$/gm))
      seen.set(`${judge} ${deployments[Number(index)]?.id}`, { accepted: status === "0", output });
  };

  const askMailcert = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
    const args = checks.flatMap((check) => ["--check", check]);
    const urls = deployments.map((row) => `submission://${targetOf(row)}`);
    const { stdout, stderr } = await host.mailcert([
      "verify",
      "--json",
      "--quick",
      "--ca-file",
      "/srv/private.pem",
      ...args,
      ...urls,
    ]);
    const { entries } = JSON.parse(stdout) as {
      entries?: readonly { url: string; findings: readonly { severity: string; check: string; message: string }[] }[];
    };
    if (entries === undefined) throw new Error(stdout + stderr);
    return new Map(
      entries.map(({ url, findings }) => [url, findings.map(({ severity, check }) => `${severity} ${check}`)]),
    );
  };

  beforeAll(async () => {
    const pki = await makeTrustPki();
    const names = deployments
      .map(targetOf)
      .filter((target) => !isIp(target))
      .map(domainToASCII);
    host = await startMailHost({ suite, hosts: Object.fromEntries(names.map((name) => [name, "192.0.2.10"])) });
    const private_ = pki.root.pem + pki.trustedLeaf.pem;
    await host.write("/srv/private.pem", private_);
    await host.write("/srv/public.pem", pki.publicRoot.pem);
    await host.must(
      "cat /srv/public.pem >>/etc/ssl/certs/ca-certificates.crt; cat /srv/private.pem /srv/public.pem >/srv/trusted.pem",
    );
    const chains = await Promise.all(
      deployments.map(async (row) => ({
        name: isIp(targetOf(row)) ? "" : domainToASCII(targetOf(row)),
        chain: await row.chain(pki, domainToASCII(targetOf(row))),
      })),
    );
    await serveByName(host, chains);
    [ours] = await Promise.all([askMailcert(), ...trustJudges.map(ask)]);
  });
  afterAll(() => host.stop());

  it("they are the versions that docs/agreement.md names", async () => {
    const said = await host.must("openssl version; gnutls-cli --version | head -n 1; postconf -d mail_version");
    const lines = said.split("\n");
    trustJudges.forEach((judge, index) => {
      expect(lines[index]).toContain(` ${judgeVersions[suite][judge]}.`);
    });
  });

  describe.each(deployments)("$what", (row) => {
    const accepted = !row.ours.some((finding) => finding.startsWith("fault"));

    it("mailcert", () => {
      const name = domainToASCII(targetOf(row));
      expect(ours.get(`submission://${name}:587`)?.toSorted()).toEqual(row.ours);
    });

    it.each(trustJudges)("%s", (judge) => {
      const said = seen.get(`${judge} ${row.id}`);
      const differs = differenceIn(row.differs?.[judge], suite);
      expect(said?.accepted, `${differs?.because}\n${said?.output}`).toBe(differs?.accepted ?? accepted);
      // A difference that is none any more has to leave the table.
      expect(differs?.accepted).not.toBe(accepted);
    });
  });
});
