// The tls-alpn-01 listener: the right certificate to the right question, and to no other.
import { createHash, randomBytes } from "node:crypto";
import { type Server, connect, createServer } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import type { ChallengeToken } from "../../src/challenges/challenge.ts";
import { createTlsAlpn01 } from "../../src/challenges/tls-alpn-01.ts";
import { altNames, readFields } from "../../src/domain/certificate-fields.ts";
import { reverseName } from "../../src/domain/reverse-name.ts";
import { acmeIdentifier } from "../../src/x509/acme-identifier.ts";
import { challengeContract } from "../contract/challenge.ts";
import { freePort } from "../free-ports.ts";

const { signal } = new AbortController();
const deps = { now: () => new Date("2026-11-20T12:00:00Z"), random: (size: number) => randomBytes(size) };
const digest = ({ keyAuthorization }: ChallengeToken): string =>
  createHash("sha256").update(keyAuthorization).digest("hex");

const hold = (port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
const closed = (server: Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));
const open = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });

/** The certificate (DER) that is shown, and the protocol that was agreed on; undefined: no handshake. */
const ask = (
  port: number,
  servername: string | undefined,
  protocols: readonly string[] = ["acme-tls/1"],
): Promise<{ readonly der: Buffer; readonly protocol: string | false | null } | undefined> =>
  new Promise((resolve) => {
    const socket = tlsConnect({
      port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      ...(servername === undefined ? {} : { servername }),
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
    });
    socket.once("secureConnect", () => {
      const { raw } = socket.getPeerCertificate();
      resolve({ der: raw, protocol: socket.alpnProtocol });
      socket.destroy();
    });
    socket.once("error", () => resolve(undefined));
  });

challengeContract("tls-alpn-01", async () => {
  const port = await freePort();
  return {
    challenge: createTlsAlpn01({ tlsAlpnAddress: `127.0.0.1:${port}` }, deps),
    look: async ({ identifier }) => {
      const seen = await ask(port, identifier);
      return seen && readFields(seen.der).extensions.get(acmeIdentifier)?.subarray(2).toString("hex");
    },
    expected: digest,
    traces: () => open(port),
    obstruct: async () => {
      const other = await hold(port);
      return () => closed(other);
    },
    close: async () => undefined,
  };
});

describe("tls-alpn-01", () => {
  let end: () => Promise<void> = async () => undefined;
  afterEach(() => end());
  const present = async (identifier: string): Promise<{ port: number; token: ChallengeToken }> => {
    const port = await freePort();
    const challenge = createTlsAlpn01({ tlsAlpnAddress: `127.0.0.1:${port}` }, deps);
    const token = { identifier, token: "T", keyAuthorization: "T.thumb" };
    end = () => challenge.cleanUp(token);
    await challenge.present(token, signal);
    return { port, token };
  };

  test("exactly one name, and the digest in a critical extension (RFC 8737 §3)", async () => {
    const { port, token } = await present("mail.example.org");
    const seen = await ask(port, "mail.example.org");
    expect(seen?.protocol).toBe("acme-tls/1");
    const der = seen?.der ?? Buffer.alloc(0);
    expect(altNames(readFields(der))).toEqual({ dnsNames: ["mail.example.org"], ipNames: [] });
    // id-pe-acmeIdentifier, critical, OCTET STRING of an OCTET STRING.
    expect(der.toString("hex")).toContain(`06082b0601050507011f0101ff04220420${digest(token)}`);
  });

  test.each(["192.0.2.7", "2001:db8::7"])(
    "an address is asked for by its reverse name (RFC 8738 §6): %s",
    async (ip) => {
      const { port } = await present(ip);
      const seen = await ask(port, reverseName(ip));
      expect(altNames(readFields(seen?.der ?? Buffer.alloc(0)))).toEqual({ dnsNames: [], ipNames: [ip] });
    },
  );

  test("another name, no name, another protocol: no handshake", async () => {
    const { port } = await present("mail.example.org");
    expect(await ask(port, "other.example.org")).toBeUndefined();
    expect(await ask(port, undefined)).toBeUndefined();
    expect(await ask(port, "mail.example.org", ["h2", "http/1.1"])).toBeUndefined();
    expect(await ask(port, "mail.example.org", ["h2", "acme-tls/1"])).toMatchObject({ protocol: "acme-tls/1" });
  });
});

test("reverse names", () => {
  expect(reverseName("192.0.2.7")).toBe("7.2.0.192.in-addr.arpa");
  expect(reverseName("2001:db8::7")).toBe("7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  expect(reverseName("::1")).toBe(`1.${"0.".repeat(31)}ip6.arpa`);
});
