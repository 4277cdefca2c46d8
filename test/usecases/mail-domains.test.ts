// --mx and --srv: which hosts and ports a domain's DNS has one look at.
import { describe, expect, test } from "vitest";
import type { Dns } from "../../src/dns/dns.ts";
import { entryUrl } from "../../src/domain/entry-point.ts";
import { Failure } from "../../src/domain/failure.ts";
import { type MailDomainWords, mailDomains } from "../../src/usecases/mail-domains.ts";
import { noDns } from "../fakes/dns.ts";
import { domainFacts, withMx, withServices } from "../fakes/domain-facts.ts";

const { signal } = new AbortController();

const asked: string[] = [];
const dns = (mx: Readonly<Record<string, Awaited<ReturnType<Dns["mx"]>>>>, services = withServices({})): Dns => ({
  ...noDns,
  mx: async (domain) => {
    asked.push(`MX ${domain}`);
    return mx[domain] ?? { kind: "none", exists: false, secure: false };
  },
  mtaSts: async (domain) => {
    asked.push(`STS ${domain}`);
    return { kind: "none" };
  },
  service: async (owner) => {
    asked.push(`SRV ${owner}`);
    return services.services?.find(({ service }) => owner.startsWith(`${service.label}.`))?.lookup ?? { kind: "none" };
  },
});

const run = async (one: Dns, words: Partial<MailDomainWords>) => {
  asked.length = 0;
  const found = await mailDomains(async () => one, { ports: {}, ...words }, signal);
  return { ...found, urls: found.wanted.map((wanted) => entryUrl(wanted)) };
};
const found = (...hosts: readonly string[]) => withMx(...hosts.map((host) => ({ host }))).mx;

describe("--mx", () => {
  test("each host once, on port 25, demanded, with the domains that it stands for", async () => {
    const both = dns({
      "example.org": found("mx1.example.org", "mx2.example.org"),
      "example.net": found("mx2.example.org"),
    });
    const { wanted, urls, domains } = await run(both, {
      mx: ["example.org", "postmaster@Example.NET", "example.org."],
    });
    expect(urls).toEqual(["smtp://mx1.example.org:25", "smtp://mx2.example.org:25"]);
    expect(wanted.map(({ demanded, mxOf }) => [demanded, mxOf?.map(({ domain }) => domain)])).toEqual([
      [true, ["example.org"]],
      [true, ["example.org", "example.net"]],
    ]);
    expect(domains.map(({ domain, sts }) => [domain, sts?.kind])).toEqual([
      ["example.org", "none"],
      ["example.net", "none"],
    ]);
    expect(asked.toSorted()).toEqual(["MX example.net", "MX example.org", "STS example.net", "STS example.org"]);
  });

  test("--port smtp moves it", async () => {
    const one = dns({ "example.org": found("mx1.example.org") });
    expect((await run(one, { mx: ["example.org"], ports: { smtp: 2525 } })).urls).toEqual([
      "smtp://mx1.example.org:2525",
    ]);
  });

  test.each([
    ["without MX records the domain itself is the host", domainFacts.noMx, ["smtp://example.org:25"]],
    ["a domain that is not there has none", domainFacts.noDomain, []],
    ["nor has one that takes no mail", domainFacts.nullMx, []],
    ["nor one that nobody knows about", domainFacts.unasked, []],
    ["addresses and names that are none are left to the checks", domainFacts.addressMx, []],
    ["so are odd names", domainFacts.oddMx, []],
  ])("%s", async (_, { mx }, urls) => {
    const result = await run(dns({ "example.org": mx }), { mx: ["example.org"] });
    expect(result.urls).toEqual(urls);
    expect(result.domains).toMatchObject([{ domain: "example.org", mx }]);
  });
});

describe("--srv", () => {
  test("each place once, with the port that the record says", async () => {
    const services = withServices({
      "_imaps._tcp": [{ port: 10993 }, { host: "mail2.example.org" }, { port: 10993 }],
      "_submissions._tcp": [{ port: 465 }],
      "_submission._tcp": [{ port: 587 }],
      "_pop3._tcp": [{ host: "" }],
      "_sieve._tcp": [{ host: "192.0.2.1", port: 4190 }],
    });
    const { urls, wanted } = await run(dns({}, services), { srv: ["example.org", "example.net"] });
    expect(urls).toEqual([
      "imaps://mail.example.org:10993",
      "imaps://mail2.example.org:993",
      "submissions://mail.example.org:465",
      "submission://mail.example.org:587",
    ]);
    for (const { demanded, serviceOf } of wanted) {
      expect(demanded).toBe(true);
      expect(serviceOf).toEqual(["example.org", "example.net"]);
    }
    expect(asked.filter((question) => question.startsWith("SRV "))).toHaveLength(22);
    expect(asked).toHaveLength(22);
  });

  test("chat is looked at for the domain, at the host of the record", async () => {
    const services = withServices({
      "_xmpp-client._tcp": [{ port: 5222, host: "chat.example.org" }],
      "_xmpps-client._tcp": [{ port: 443, host: "chat.example.org" }],
      "_xmpp-server._tcp": [{ host: "" }, { port: 5269, host: "192.0.2.1" }],
    });
    const { wanted } = await run(dns({}, services), { srv: ["example.org", "example.net"] });
    const place = { demanded: true, connectTo: "chat.example.org" };
    expect(wanted).toEqual(
      ["example.org", "example.net"].flatMap((host) => [
        { ...place, protocol: "xmpp-client", mode: "implicit", host, port: 443 },
        { ...place, protocol: "xmpp-client", mode: "starttls", host, port: 5222 },
      ]),
    );
  });
});

test("nothing is asked where nothing was named", async () => {
  const never = (): Promise<Dns> => Promise.reject(new Error("asked"));
  expect(await mailDomains(never, { ports: {} }, signal)).toEqual({ wanted: [], domains: [] });
});

test.each(["192.0.2.1", "*.example.org", "", "exa mple.org", "example..org", "a_b.example.org", "smtp://example.org"])(
  "no domain: %j",
  async (text) => {
    const refused = mailDomains(async () => noDns, { mx: [text], ports: {} }, signal);
    await expect(refused).rejects.toBeInstanceOf(Failure);
    await expect(refused).rejects.toMatchObject({
      kind: "usage",
      hints: [expect.stringContaining("--mx example.org")],
    });
  },
);
