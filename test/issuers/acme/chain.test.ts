// The downloaded chain: taken apart and held to what was asked for.
import { beforeAll, describe, expect, test } from "vitest";
import { publicKeyOf } from "../../../src/domain/key-match.ts";
import { readChain, splitChain } from "../../../src/issuers/acme/chain.ts";
import { generateKey } from "../../../src/system/keys.ts";
import { type ServerTls, makeServerTls } from "../../fakes/acme-tls.ts";

let tls: ServerTls;
let other: ServerTls;
beforeAll(async () => {
  tls = await makeServerTls({ names: ["mail.example.org", "*.example.org", "192.0.2.1"] });
  other = await makeServerTls();
});
const names = ["mail.example.org", "192.0.2.1"];
const leafOf = (text: string): string => splitChain(text)[0] ?? "";

describe("readChain", () => {
  test("gives leaf and chain, one PEM block each, also from CRLF", () => {
    const issued = readChain(tls.cert.replaceAll("\n", "\r\n"), [...names, "*.example.org"], publicKeyOf(tls.key));
    expect(issued.leaf + issued.chain.join("")).toBe(tls.cert);
    expect(issued.chain).toEqual([tls.ca]);
  });

  test("what is sent twice is kept once", () => {
    const leaf = leafOf(tls.cert);
    expect(readChain(leaf + leaf + tls.ca + tls.ca, names, publicKeyOf(tls.key))).toEqual({ leaf, chain: [tls.ca] });
  });

  const cases: readonly (readonly [string, () => string, RegExp])[] = [
    ["nothing", () => "", /no certificate/],
    ["a page", () => "<html></html>", /no certificate/],
    ["a cut PEM", () => tls.cert.slice(0, -60), /middle of a certificate/],
    ["a PEM cut in the first certificate", () => tls.cert.slice(0, 300), /middle of a certificate/],
    ["text in between", () => `${tls.cert}hello\n`, /something else/],
    ["a key in it", () => `${tls.cert}${tls.key}`, /something else/],
    [
      "damaged base64",
      () => tls.cert.replace(/\n[A-Za-z0-9+/]{20}/, "\nAAAAAAAAAAAAAAAAAAAA"),
      /cannot be read|another key|not signed/,
    ],
    ["another key's certificate", () => other.cert, /another key/],
    ["a chain that does not fit", () => leafOf(tls.cert) + other.ca, /not signed by the one that follows/],
    ["the wrong order", () => tls.ca + leafOf(tls.cert), /another key/],
  ];
  test.each(cases)("%s is refused", (_, text, why) => {
    const run = (): unknown => readChain(text(), names, publicKeyOf(tls.key));
    expect(run).toThrow(why);
    try {
      run();
    } catch (error) {
      expect(error).toMatchObject({ kind: "unavailable", facts: { code: "BAD_CHAIN" } });
      expect(String(error)).not.toContain("PRIVATE");
    }
  });

  test("a name that is missing is named", () => {
    expect(() => readChain(tls.cert, ["mail.example.org", "imap.example.org"], publicKeyOf(tls.key))).toThrow(
      /it lacks imap\.example\.org/,
    );
  });

  test("a key that is not the certificate's", async () => {
    await expect(generateKey("ecdsa").then((key) => readChain(tls.cert, names, publicKeyOf(key)))).rejects.toThrow(
      /another key/,
    );
  });
});
