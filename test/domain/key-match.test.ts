// Does a key belong to a certificate?
import { expect, test } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { keyMatches } from "../../src/domain/key-match.ts";
import { generateKey } from "../../src/system/keys.ts";
import { foreignCertificate } from "./foreign-certificates.ts";

test.each([[["rsa:2048"]], [["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]], [["ed25519"]]])(
  "a key of the kind %j",
  async (newKey) => {
    const one = await foreignCertificate({ subject: "/CN=one", extensions: [], newKey });
    const other = await foreignCertificate({ subject: "/CN=one", extensions: [], newKey });
    expect(keyMatches(one.key, one.pem)).toBe(true);
    expect(keyMatches(one.key, other.pem)).toBe(false);
    expect(keyMatches(await generateKey("ecdsa"), one.pem)).toBe(false);
  },
);

test("unreadable ones are Failures that show nothing of the key", async () => {
  const { key, pem } = await foreignCertificate({ subject: "/CN=one", extensions: [] });
  const secret = key.split("\n")[1] ?? "";
  const broken = key.replace(/[A-Za-z0-9+/]{6}\n-----END/, "\n-----END");
  for (const [badKey, badPem] of [
    [broken, pem],
    [key, "garbage"],
    ["", pem],
  ] as const) {
    let failure: unknown;
    try {
      keyMatches(badKey, badPem);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(Failure);
    expect((failure as Failure).kind).toBe("data");
    expect(`${(failure as Failure).message}${String((failure as Failure).cause)}`).not.toContain(secret);
  }
});
