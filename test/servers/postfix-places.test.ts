// What is said of a service of master.cf that does not serve its certificate: its own words, and nothing of a setting that wins where there is none.
import { expect, test } from "vitest";
import { findStrays, planPlaces, placeOverrides, strayOverrides } from "../../src/servers/postfix/places.ts";
import type { PlacedCertificate, Server } from "../../src/servers/server.ts";
import { describeRevert } from "../../src/domain/describe-change.ts";
import { overrideWords } from "../../src/usecases/override-words.ts";

const paths = { privkey: "/k", cert: "/c", chain: "/h", fullchain: "/f", combined: "/live/ecdsa/combined.pem" };
const mx: PlacedCertificate = {
  name: "mx.example.org",
  names: ["mx.example.org"],
  slots: { ecdsa: paths },
  places: { services: ["smtp"] },
};
const postfix = {
  server: {} as unknown as Server,
  installation: { server: "postfix", id: "postfix", version: "3.10", configDir: "/etc/postfix", running: true },
};

test.each([
  [[["smtpd_tls_chain_files", "/own.pem"]], 'a certificate setting of its own, "-o smtpd_tls_chain_files=/own.pem"'],
  [[["smtpd_tls_cert_file", "/own.pem"]], 'a certificate setting of its own, "-o smtpd_tls_cert_file=/own.pem"'],
  // Set empty by somebody: it has no certificate at all.
  [[["smtpd_tls_chain_files", ""]], 'a certificate setting of its own, "-o smtpd_tls_chain_files="'],
  [[], "no -o smtpd_tls_chain_files"],
] as const)("%j", (own, its) => {
  const overrides = new Map([["smtp/inet", new Map<string, string>(own)]]);
  const found = placeOverrides("/etc/postfix", new Map([["smtp/inet", mx]]), overrides);
  expect(found.map((one) => overrideWords(postfix, one))).toEqual([
    `postfix: in /etc/postfix/master.cf the service smtp/inet has ${its}, and does not serve mx.example.org`,
  ]);
  expect(found[0]?.edit).toMatchObject([{ before: new Map<string, string>(own).get("smtpd_tls_chain_files") }]);
});

const state = "/var/lib/mailcert/certificates";
const placed = (name: string): PlacedCertificate => ({
  ...mx,
  name,
  slots: { ecdsa: { ...paths, combined: `${state}/${name}/live/ecdsa/combined.pem` } },
});
const chain = "smtpd_tls_chain_files";
const at = (service: string, ...own: readonly (readonly [string, string])[]) => [service, new Map(own)] as const;

test("a file of mailcert's is nobody's own certificate: it is replaced, taken over where it stands, and never put back", () => {
  const [one, two] = [placed("mx.example.org"), placed("customer.example")];
  const [its, others] = [one.slots.ecdsa?.combined ?? "", two.slots.ecdsa?.combined ?? ""];
  const services = new Map([
    ["10.0.0.1:smtp/inet", one],
    ["10.0.0.2:smtp/inet", two],
    ["10.0.0.3:smtp/inet", two],
  ]);
  const overrides = new Map([
    at("10.0.0.1:smtp/inet", [chain, its]),
    at("10.0.0.2:smtp/inet", [chain, its]),
    at("10.0.0.3:smtp/inet", [chain, `${its},/etc/own.pem`]),
    at("submission/inet", [chain, others], ["tls_server_sni_maps", ""]),
    at("465/inet", [chain, `${state}/pasted.example/live/ecdsa/combined.pem`]),
  ]);
  const { changes, adopted } = planPlaces(services, overrides, undefined);
  expect(changes).toMatchObject([
    { service: "10.0.0.2:smtp/inet", before: its, after: others, certificate: two.name, beforeIsOurs: true },
  ]);
  expect(adopted).toMatchObject([
    { service: "10.0.0.1:smtp/inet", before: undefined, after: its, certificate: one.name },
  ]);
  // What somebody mixed, or pasted of a certificate that has no place, stays theirs.
  const found = findStrays([one, two], (id) => services.has(id), overrides, {
    entrances: [...overrides.keys()],
    set: [its, others],
  });
  expect(found.theirs).toEqual([]);
  expect(found.copied).toMatchObject([
    { service: "submission/inet", parameter: chain, before: others, after: undefined, beforeIsOurs: true },
    { service: "submission/inet", parameter: "tls_server_sni_maps", before: "", after: undefined, beforeIsOurs: true },
  ]);
  expect(describeRevert(changes[0] ?? mistake(), true)).toBe(
    "master.cf 10.0.0.2:smtp/inet: removed -o smtpd_tls_chain_files",
  );
});

test("a chain that mailcert never set, or at a service that it sets none at, goes after a yes only, and comes back", () => {
  const mx = placed("mx.example.org");
  const its = mx.slots.ecdsa?.combined ?? "";
  const overrides = new Map([
    at("smtpd/pass", [chain, its], ["tls_server_sni_maps", ""]),
    at("2525/inet", [chain, its]),
    at("tlsproxy/unix", [chain, its]),
  ]);
  const strays = (set: readonly string[]) =>
    findStrays([mx], () => false, overrides, { entrances: ["2525/inet"], set });
  const services = (found: readonly { readonly service: string }[]) => found.map(({ service }) => service);
  expect(services(strays([]).theirs)).toEqual(["smtpd/pass", "2525/inet", "tlsproxy/unix"]);
  expect(strays([]).copied).toEqual([]);
  expect(services(strays(["/other.pem", its]).theirs)).toEqual(["smtpd/pass", "tlsproxy/unix"]);
  const [first] = strayOverrides("/etc/postfix", strays([its]));
  expect(first?.edit).toEqual([
    {
      kind: "service-parameter",
      service: "smtpd/pass",
      parameter: chain,
      before: its,
      after: undefined,
      certificate: mx.name,
    },
  ]);
  expect(first && overrideWords(postfix, first)).toBe(
    `postfix: in /etc/postfix/master.cf the service smtpd/pass has "-o ${chain}=${its}", which mailcert did not set: mx.example.org is for other places`,
  );
  expect(describeRevert(first?.edit[0] ?? mistake(), true)).toContain("put back");
});

const mistake = (): never => {
  throw new Error("no change");
};
