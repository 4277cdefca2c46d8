// Apple's configuration profile with the roots of a private CA (reference: servers-and-clients B3). A certificate that is no CA cannot be given full trust on iOS: no profile for it.
import { createHash } from "node:crypto";
import { type CertificateFacts, titleOf } from "../domain/certificate.ts";
import type { Bundle } from "./bundle.ts";
import { type Importable, importableOf } from "./importable.ts";

/** A UUID that is always the same for the same text: version 8 (RFC 9562 §5.8). */
export const uuidOf = (text: string): string => {
  const octets = createHash("sha256").update(text).digest().subarray(0, 16);
  octets.writeUInt8((octets.readUInt8(6) & 0x0f) | 0x80, 6);
  octets.writeUInt8((octets.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = octets.toString("hex").toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};

const wrapped = ({ der }: CertificateFacts): string => (der.toString("base64").match(/.{1,64}/g) ?? []).join("\n");

type Place = "present" | "newer" | "older";

interface Named {
  readonly identifier: string;
  readonly uuid: string;
}

/** The roots of a profile, the one that verifies what is served first, each under the names that `nameOf` gives it. */
export const rootPayloads = (
  { certificate, newer, older }: Importable,
  nameOf: (root: CertificateFacts, place: Place) => Named,
) => {
  const payload = (root: CertificateFacts, place: Place, file: string) => ({
    ...nameOf(root, place),
    title: titleOf(root),
    file,
    der: wrapped(root),
  });
  return [
    payload(certificate, "present", "ca.cer"),
    ...(newer === undefined ? [] : [payload(newer, "newer", "ca-newer.cer")]),
    ...older.map((root, index) => payload(root, "older", `ca-older-${index + 1}.cer`)),
  ];
};

export const mobileconfig: Bundle = (material, render) => {
  const importable = importableOf(material);
  if (importable?.kind !== "private-ca") return [];
  // Derived from the root alone: installed again it replaces itself, and another root comes to stand beside it.
  const fingerprint = importable.certificate.sha256;
  const identifier = `mailcert.ca.${fingerprint.slice(0, 32)}`;
  const content = render("ca.mobileconfig", {
    host: material.host,
    identifier,
    uuid: uuidOf(`profile ${fingerprint}`),
    // The older root's own profile may still be on the device: nothing in two profiles has one identifier.
    roots: rootPayloads(importable, ({ sha256 }, place) => {
      if (place === "present") return { identifier: `${identifier}.root`, uuid: uuidOf(`root ${sha256}`) };
      const beside = place === "newer" ? "before" : "beside";
      return {
        identifier: `${identifier}.${place}.${sha256.slice(0, 32)}`,
        uuid: uuidOf(`root ${sha256} ${beside} ${fingerprint}`),
      };
    }),
  });
  return [{ path: "ca.mobileconfig", content, summary: "profile for iPhone, iPad and Mac", profile: true }];
};
