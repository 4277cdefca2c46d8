// The certificates of people that a private CA has made and that are still good.
import type { ShownClient } from "../private-cas.ts";
import { type IssuedRecord, readIssued, readRevoked } from "./records.ts";

const shown = ({ names: [address = ""], client, serial, sha256, notBefore, notAfter }: IssuedRecord): ShownClient => ({
  address,
  login: client?.login ?? address,
  serial,
  sha256,
  notBefore,
  notAfter,
});

/** Those that are neither over nor revoked, in the order in which they were made. */
export const validClients = async (folder: string, now: Date): Promise<readonly ShownClient[]> => {
  const revoked = new Set((await readRevoked(folder)).map(({ serial }) => serial));
  return (await readIssued(folder))
    .filter(({ client, serial, notAfter }) => client && !revoked.has(serial) && Date.parse(notAfter) > now.getTime())
    .map(shown);
};
