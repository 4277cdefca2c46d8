// What every bundle format must keep: never a private key, the same files from the same material, nothing where nothing makes sense.
import { createPrivateKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Bundle, BundleFile, BundleMaterial } from "../../src/bundles/bundle.ts";
import { makePki, issue } from "../fakes/pki.ts";

export type Situation = "private-ca" | "self-signed" | "public";

const bytes = ({ content }: BundleFile): Buffer => Buffer.from(content);

/** Material as use cases hand it in, but each text with a private key behind it, as a careless caller could. */
export const material = async (
  situation: Situation,
): Promise<{ material: BundleMaterial; keys: readonly string[] }> => {
  const pki = await makePki();
  const own = await issue({ names: ["mail.example.org"] });
  const leaf = situation === "self-signed" ? own : pki.leaf;
  const root = { "private-ca": pki.root, "self-signed": own, public: undefined }[situation];
  return {
    keys: [pki.root.privateKey, leaf.privateKey],
    material: {
      root: root === undefined ? undefined : root.pem + root.privateKey,
      olderRoots: [],
      chain: root === undefined ? [] : [root.pem + root.privateKey],
      leaf: leaf.pem + leaf.privateKey,
      names: ["mail.example.org"],
      host: "mail.example.org",
      entries: [
        { protocol: "imap", mode: "implicit", host: "mail.example.org", port: 993 },
        { protocol: "submission", mode: "implicit", host: "mail.example.org", port: 465 },
      ],
      account: {
        domain: "example.org",
        host: "mail.example.org",
        login: "address",
        proven: [
          { protocol: "imap", mode: "implicit", host: "mail.example.org", port: 993 },
          { protocol: "submission", mode: "implicit", host: "mail.example.org", port: 465 },
        ],
        unproven: [],
      },
      files: [],
      random: new Uint8Array(32).fill(7),
      now: new Date("2026-11-20T12:00:00Z"),
    },
  };
};

export const bundleContract = (
  name: string,
  bundle: () => Promise<Bundle>,
  render: (template: string, view: object) => string,
  /** How many files it makes in each situation. */
  files: Readonly<Record<Situation, number>>,
  /** Whether a certificate goes into its files; of `account`, only where there is a root. */
  holds: "always" | "a root" | "none" = "always",
): void => {
  describe.each(["private-ca", "self-signed", "public"] as const)(`bundle contract: ${name}, %s`, (situation) => {
    test("no private key in any byte, in any form", async () => {
      const { material: given, keys } = await material(situation);
      const made = (await bundle())(given, render);
      expect(made).toHaveLength(files[situation]);
      for (const file of made) {
        expect(bytes(file).includes("PRIVATE KEY")).toBe(false);
        for (const key of keys) {
          const der = createPrivateKey(key).export({ type: "pkcs8", format: "der" });
          const { d } = createPrivateKey(key).export({ format: "jwk" });
          const scalar = Buffer.from(d ?? "", "base64url");
          expect(scalar.length).toBeGreaterThanOrEqual(32);
          for (const form of [der, scalar]) {
            expect(bytes(file).includes(form)).toBe(false);
            expect(bytes(file).toString("latin1").replace(/\s/g, "")).not.toContain(
              form.toString("base64").slice(0, 40),
            );
            expect(bytes(file).toString("latin1").toLowerCase()).not.toContain(form.toString("hex"));
          }
        }
      }
    });

    test("the same material gives the same bytes", async () => {
      const { material: given } = await material(situation);
      const format = await bundle();
      expect(format({ ...given }, render)).toEqual(format({ ...given }, render));
    });

    test("plain file names that no system trips over, and a summary for people", async () => {
      const { material: given } = await material(situation);
      for (const { path, summary, content } of (await bundle())(given, render)) {
        expect(path).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/);
        expect(summary).toMatch(/^[ -~]{10,}$/);
        expect(content.length).toBeGreaterThan(0);
      }
    });

    test("what is no certificate is refused, not passed on", async () => {
      const { material: given } = await material(situation);
      const format = await bundle();
      const reads = holds === "always" || (holds === "a root" && given.root !== undefined);
      const broken = { ...given, leaf: "hello", root: given.root === undefined ? undefined : "hello" };
      const tried = (): unknown => {
        try {
          return format(broken, render);
        } catch (error) {
          return String(error);
        }
      };
      // A format that holds no certificate takes nothing of it.
      if (reads && (files[situation] > 0 || given.root !== undefined))
        expect(tried()).toContain("not a readable X.509 certificate");
      else expect(tried()).toEqual(format(given, render));
    });
  });
};
