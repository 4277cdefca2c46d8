// Self-signed certificates keep the issuers' contract, and say what they are.
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import { selfSignedNotes } from "../../src/domain/self-signed-notes.ts";
import { createSelfSigned } from "../../src/issuers/self-signed/index.ts";
import { generateKey } from "../../src/system/keys.ts";
import { issuerContract } from "../contract/issuer.ts";

const issuer = createSelfSigned({ random: (count) => randomBytes(count) });
const settings = { kind: "self-signed", days: 397 } as const;

for (const names of [["mail.example.org", "*.example.org", "192.0.2.1"], ["2001:db8::1"]]) {
  issuerContract(
    `self-signed for ${names.join(", ")}`,
    async () => ({ issuer, settings, names, refused: [], anchor: ({ leaf }) => leaf, spent: async () => undefined }),
    ["ecdsa", "rsa"],
  );
}

test("is a leaf alone: not a CA, its own issuer, and the steps say which clients will refuse it", async () => {
  const steps: string[] = [];
  const { leaf, chain, root } = await issuer.issue({
    names: ["mail.example.org"],
    algorithm: "ecdsa",
    privateKey: await generateKey("ecdsa"),
    settings,
    now: new Date(),
    signal: new AbortController().signal,
    step: (what) => steps.push(what),
  });
  const facts = readCertificate(leaf);
  expect(facts).toMatchObject({
    selfSigned: true,
    isCa: false,
    subject: "CN=mail.example.org",
    issuer: "CN=mail.example.org",
  });
  expect(facts.authorityKeyId).toBe(facts.subjectKeyId);
  expect(chain).toEqual([]);
  expect(root).toBeUndefined();
  expect(steps).toEqual(selfSignedNotes);
  expect(selfSignedNotes.join("\n")).toMatch(/Thunderbird[^]*Android[^]*iPhone/);
});

test.each([0, -1, 1.5, 826, Number.NaN])("refuses to make a certificate for %d days", async (days) => {
  const privateKey = await generateKey("ecdsa");
  const request = {
    names: ["mail.example.org"],
    algorithm: "ecdsa",
    privateKey,
    now: new Date(),
    signal: new AbortController().signal,
  } as const;
  await expect(
    issuer.issue({ ...request, settings: { kind: "self-signed", days }, step: () => undefined }),
  ).rejects.toMatchObject({
    kind: "config",
    message: expect.stringContaining(`for ${days} days`) as string,
  });
});
