// The table of clients held against programs: deployments made on purpose, each root in each program's own store, and what Thunderbird, Chromium, Java, OpenSSL, curl and GnuTLS do.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import { clients } from "../../src/domain/clients/index.ts";
import { opinionsOf } from "../../src/domain/clients/opinion.ts";
import type { Served } from "../../src/domain/clients/served.ts";
import {
  type ClientDeployment,
  type Made,
  clientDeployments,
  clientJudges,
  clientOf,
  expectedOf,
} from "../lab/agreement-clients.ts";
import { type Answers, askClients, firstPort } from "../lab/client-judges.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

const targetOf = ({ id, target }: ClientDeployment): string => target ?? `${id}.example.org`;
const isIp = (target: string): boolean => /^[\d.]+$/.test(target);

const servedOf = (row: ClientDeployment, { chain, root }: Made): Served => {
  const facts = chain.map(({ der }) => readCertificate(der));
  const self = facts[0]?.selfSigned === true;
  return {
    chain: facts,
    root: readCertificate(root.der),
    trust: self ? "self-signed" : "private-ca",
    names: [targetOf(row)],
    now: new Date(),
  };
};

let host: MailHost;
let seen: Answers;
const made = new Map<ClientDeployment, Made>();

beforeAll(async () => {
  for (const row of clientDeployments) made.set(row, await row.make(targetOf(row)));
  const names = clientDeployments.map(targetOf).filter((target) => !isIp(target));
  host = await startMailHost({
    suite: "trixie",
    browser: true,
    java: true,
    thunderbird: true,
    hosts: Object.fromEntries(names.map((name) => [name, "192.0.2.10"])),
  });
  const asked = [...made].map(([row, { chain, root }]) => ({
    id: row.id,
    target: targetOf(row),
    key: chain[0]?.privateKey ?? "",
    cert: chain.map(({ pem }) => pem).join(""),
    root: root.pem,
  }));
  seen = await askClients(host, asked);
}, 300_000);
afterAll(() => host?.stop());

describe.each(clientDeployments)("$what", (row) => {
  it("the table says what its row of the page says", () => {
    const opinions = opinionsOf(servedOf(row, made.get(row) as Made), clients);
    const refused = clientJudges.filter(
      (judge) => opinions.find(({ client }) => client.id === clientOf[judge])?.verdict !== "accepts",
    );
    expect(refused).toEqual(clientJudges.filter((judge) => row.refusedBy.includes(judge)));
  });

  it.each(clientJudges)("%s", (judge) => {
    const said = seen.get(`${judge} ${row.id}`);
    const { accepted, otherwise } = expectedOf(row, judge);
    expect(said?.accepted, `${otherwise ?? ""}\n${said?.output}`).toBe(accepted);
  });
});

/** A rule whose source is the lab quotes the program. */
it("the words of Thunderbird and Chromium are theirs", () => {
  for (const judge of ["thunderbird", "chromium"] as const) {
    for (const row of clientDeployments) {
      const said = seen.get(`${judge} ${row.id}`);
      if (said === undefined || said.accepted || row.id === "unknown") continue;
      const opinion = opinionsOf(servedOf(row, made.get(row) as Made), clients).find(
        ({ client }) => client.id === judge,
      );
      const words = opinion?.reasons.map(({ says }) => says).join(" ") ?? "";
      const code = /(?:SEC|SSL|MOZILLA_PKIX)_ERROR_[A-Z_]+|net::ERR_[A-Z_]+/;
      if (code.test(words)) expect(words, row.id).toContain(said.output);
    }
  }
});

it("verify names what some programs refuse, from outside, and nothing that another check says", async () => {
  await host.must("cat /srv/roots/*.pem >/srv/roots.pem");
  const urls = clientDeployments.map((row, index) => `imaps://${targetOf(row)}:${firstPort + index}`);
  const { stdout, stderr } = await host.mailcert([
    "verify",
    "--json",
    "--quick",
    "--ca-file",
    "/srv/roots.pem",
    ...urls,
  ]);
  const { entries } = JSON.parse(stdout) as {
    readonly entries?: readonly {
      readonly findings: readonly { readonly check: string; readonly severity: string }[];
    }[];
  };
  const said = clientDeployments.flatMap(({ id }, index) =>
    (entries?.[index]?.findings ?? []).flatMap(({ check, severity }) =>
      check === "client-refuses" ? [`${severity} ${id}`] : [],
    ),
  );
  expect(said, stderr).toEqual([
    "warning ed25519",
    "warning no-eku",
    "warning ca-leaf",
    "warning own",
    "warning own-ca",
  ]);
});

it("they are the versions that docs/what-clients-say.md names", async () => {
  const said = await host.must(
    "openssl version; curl --version; gnutls-cli --version; HOME=/srv/home thunderbird --version; /usr/lib/jvm/java-21-openjdk-amd64/bin/java --version",
  );
  expect(said).toMatch(/^OpenSSL 3\.5\./m);
  expect(said).toMatch(/^curl 8\./m);
  expect(said).toMatch(/^gnutls-cli 3\.8\./m);
  expect(said).toMatch(/Thunderbird 140\./);
  expect(said).toMatch(/^openjdk 21\./m);
});
