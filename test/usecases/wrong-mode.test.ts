// A port that speaks the other mode than mail programs expect is named, with what to set, and is never advice.
import { describe, expect, it } from "vitest";
import { type SpokenPort, wrongModes } from "../../src/usecases/wrong-mode.ts";

const port = (over: Partial<SpokenPort>): SpokenPort => ({
  id: "postfix",
  server: "postfix",
  protocol: "submission",
  mode: "starttls",
  port: 465,
  address: "0.0.0.0",
  ...over,
});
const of = (...ports: readonly SpokenPort[]): readonly string[] =>
  wrongModes(ports).map(({ severity, check, message, hint = "" }) => `${severity} ${check}: ${message} -> ${hint}`);

describe("a port in the other mode", () => {
  it("465 with STARTTLS is said once, with the option that is missing", () => {
    const said = of(port({}), port({ address: "::" }));
    expect(said).toEqual([
      expect.stringMatching(
        /^warning wrap-misuse: postfix: port 465 \(SSL\/TLS\) greets in clear .* -> .*-o smtpd_tls_wrappermode=yes/,
      ),
    ]);
  });

  it("587 with TLS at once is the reverse", () => {
    expect(of(port({ port: 587, mode: "implicit" }))).toEqual([
      expect.stringMatching(
        /port 587 \(STARTTLS\) starts TLS at once.* -> Postfix: take `-o smtpd_tls_wrappermode=yes` off/,
      ),
    ]);
  });

  it.each([
    ["dovecot", "imap", 993, "Dovecot: the inet_listener on 993 needs `ssl = yes`"],
    ["exim", "submission", 465, "`tls_on_connect_ports` needs 465"],
    ["haproxy", "imap", 993, "in haproxy's configuration, switch TLS from the first byte on for port 993"],
  ] as const)("%s, %s %i: %s", (server, protocol, number, hint) => {
    expect(of(port({ id: server, server, protocol, port: number }))[0]).toContain(hint);
  });

  it("the usual ones, other ports, and what only this host reaches are nothing to say", () => {
    expect(
      of(
        port({ mode: "implicit" }),
        port({ port: 587 }),
        port({ port: 2525 }),
        port({ port: 2525, mode: "implicit" }),
        port({ address: "127.0.0.1" }),
      ),
    ).toEqual([]);
  });
});
