// A distinguished name as text (RFC 4514): last RDN first, special characters escaped, nothing unprintable, bounded.
import { type DerElement, childrenOf, expectTag, readOid, readString, tags } from "./der.ts";
import { attributeTypes } from "./oids.ts";
import { clean } from "./text.ts";

/** Bytes of an issuer or subject shown at most; a hostile one can be megabytes long. */
const maxShown = 300;

// Spaces at the ends, which RFC 4514 escapes, are gone already: `clean` trims.
const escape = (text: string): string => text.replace(/[\\",+;<>]/g, "\\$&").replace(/^#/, "\\#");

const attribute = (element: DerElement): { readonly type: string; readonly value: string } => {
  const [oid, value] = childrenOf(element);
  const type = readOid(expectTag(oid, tags.oid, "an attribute type"));
  const text = value === undefined ? "" : readString(value);
  const shown =
    text === undefined ? `#${value?.raw.subarray(0, 64).toString("hex") ?? ""}` : escape(clean(text, maxShown));
  return { type, value: shown };
};

/** `CN=mail.example.org,O=Example`; "" for an empty name. */
export const distinguishedName = (name: DerElement): string => {
  const rdns = childrenOf(name).map((rdn) =>
    childrenOf(rdn)
      .map(attribute)
      .map(({ type, value }) => `${attributeTypes[type] ?? type}=${value}`)
      .join("+"),
  );
  return clean(rdns.reverse().join(","), maxShown);
};

/** The (last, most specific) common name, cleaned. */
export const commonNameOf = (name: DerElement): string | undefined => {
  for (const rdn of [...childrenOf(name)].reverse()) {
    for (const element of childrenOf(rdn)) {
      const [oid, value] = childrenOf(element);
      if (oid?.tag === tags.oid && readOid(oid) === "2.5.4.3" && value) return clean(readString(value) ?? "", maxShown);
    }
  }
  return undefined;
};
