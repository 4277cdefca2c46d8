// stunnel's services: which of them end TLS, where, and in which protocol.
import { describe, expect, test } from "vitest";
import { optionIn } from "../../src/servers/stunnel/parse.ts";
import { acceptOf, spokenAt, tlsServices } from "../../src/servers/stunnel/services.ts";

const lines = (text: string) =>
  text.split("\n").flatMap((raw, index) => {
    const option = optionIn(raw);
    return option ? [{ path: "/x.conf", line: index + 1, text: raw, ...option }] : [];
  });

describe("stunnel's services", () => {
  test.each([
    ["Cert = /a.pem ", { name: "cert", value: "/a.pem" }],
    ["  key=/b", { name: "key", value: "/b" }],
    ["pid =", { name: "pid", value: "" }],
    ["; cert = /a", undefined],
    ["# mailcert: cert = /a", undefined],
    ["[imaps]", undefined],
  ])("%s", (text, expected) => {
    expect(optionIn(text)).toEqual(expected);
  });

  test.each([
    ["993", { host: "0.0.0.0", port: "993" }],
    [":::995", { host: "::", port: "995" }],
    ["localhost:imaps", { host: "localhost", port: "imaps" }],
    ["/run/x.sock", undefined],
  ])("accept = %s", (text, expected) => {
    expect(acceptOf(text)).toEqual(expected);
  });

  test("ends of clients, and services without a place, are none", () => {
    const services = [
      { name: "imaps", options: lines("accept = 993\ncert = /a\nkey = /b") },
      { name: "out", options: lines("accept = 143\nclient = yes") },
      { name: "exec", options: lines("exec = /bin/true") },
      { name: "other", options: lines("sni = imaps:*.example.org\nsni = imaps:example.org") },
    ];
    const found = tlsServices({ file: "/x.conf", global: lines("cert = /g"), services, includes: [] });
    expect(found.map(({ name, inherited, primary, sni }) => ({ name, inherited, primary, sni }))).toEqual([
      { name: "imaps", inherited: false, primary: undefined, sni: [] },
      { name: "other", inherited: true, primary: "imaps", sni: ["*.example.org", "example.org"] },
    ]);
    const all = lines("client = yes");
    expect(tlsServices({ file: "/x.conf", global: all, services, includes: [] }).length).toBe(0);
  });

  test.each([
    [undefined, 993, "imap implicit"],
    ["proxy", 995, "pop3 implicit"],
    ["imap", 1143, "imap starttls"],
    ["smtp", 587, "submission starttls"],
    ["smtp", 25, "smtp starttls"],
    ["pgsql", 993, undefined],
    [undefined, 443, undefined],
  ])("protocol %s at %i", (dialogue, port, expected) => {
    const service = {
      name: "x",
      accept: String(port),
      dialogue,
      sni: [],
      primary: undefined,
      options: [],
      certificates: [],
      inherited: true,
    };
    const spoken = spokenAt(service, port);
    expect(spoken && `${spoken.protocol} ${spoken.mode}`).toBe(expected);
  });
});
