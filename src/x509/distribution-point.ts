// The CRL distribution point of a certificate (RFC 5280 §4.2.1.13): one http URL, no reasons and no issuer of its own.
import { Extension } from "@peculiar/x509";
import { tags, writeElement } from "../domain/der.ts";
import { extensions } from "../domain/oids.ts";

/** GeneralName uniformResourceIdentifier [6]. */
const uri = 0x86;

export const distributionPoint = (url: string): Extension => {
  const fullName = writeElement(0xa0, writeElement(uri, Buffer.from(url, "ascii")));
  return new Extension(
    extensions.crlDistributionPoints,
    false,
    writeElement(tags.sequence, writeElement(tags.sequence, writeElement(0xa0, fullName))),
  );
};
