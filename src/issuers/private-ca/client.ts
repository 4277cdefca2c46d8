// Client certificates by a private CA: who may have one, and one made and written down. The key is its owner's: it is not kept.
import { Failure } from "../../domain/failure.ts";
import { readCertificate } from "../../domain/certificate.ts";
import { permits } from "../../domain/name-constraints.ts";
import type { Random } from "../../x509/random.ts";
import { makeClientLeaf } from "../../x509/client-leaf.ts";
import type { ClientRequest, IssuedClient } from "../private-cas.ts";
import { type Authority, openAuthority } from "./authority.ts";
import { leafValidity } from "./lifetime.ts";
import { recordIssued } from "./records.ts";
import { limits } from "./refusal.ts";

const domainOf = (address: string): string => address.slice(address.lastIndexOf("@") + 1);

/** A name with a dot and nothing else that host names lack: OpenSSL holds it against the CA's limits where the SAN has no host name. */
const looksLikeHost = (login: string): boolean => /^[\w:-]+(?:\.[\w:-]+)+$/.test(login);

/** @throws Failure `data` for what the CA, or a server that checks its limits, would refuse. */
export const refuseClient = ({ constraints, facts }: Authority, { name, address, login, now }: ClientRequest): void => {
  if (facts.notBefore > now)
    throw new Failure(
      "data",
      `the clock says ${now.toISOString()}, but the root of the private CA "${name}" begins later`,
      {
        hints: ["set the clock (timedatectl status) and run the command again"],
      },
    );
  const domain = domainOf(address);
  if (!permits(constraints, domain))
    throw new Failure(
      "data",
      `the private CA "${name}" cannot certify ${address}: it is ${limits(constraints)}, for mail addresses, too (name constraints, RFC 5280 §4.2.1.10)`,
      {
        hints: [
          `take the address that the person has in one of these domains, and say the user name as well: mailcert ca client ADDRESS --login NAME`,
          `or give the CA a new root with other limits, which everybody has to import: mailcert ca rotate ${name} --ca-domains ${[...(constraints?.domains ?? []), domain].join(",")}`,
        ],
      },
    );
  if (
    login !== undefined &&
    constraints !== undefined &&
    looksLikeHost(login) &&
    !permits(constraints, login.toLowerCase())
  )
    throw new Failure(
      "data",
      `the user name ${login} looks like a host name: a server that checks the CA's limits (OpenSSL) would refuse the certificate`,
      { hints: ["let people log in with the whole address: that is the user name where no other is given"] },
    );
};

export const issueClient = async (
  folder: string,
  request: ClientRequest & { readonly privateKey: string },
  random: Random,
): Promise<IssuedClient> => {
  const { address, login = address, days, now, privateKey } = request;
  const never = async (): Promise<never> => {
    throw new Failure("config", `there is no private CA in ${folder}`, { hints: ["make it: mailcert ca init"] });
  };
  const { authority } = await openAuthority(folder, { makeKey: never, makeRoot: never });
  refuseClient(authority, request);
  const { signer } = authority;
  const validity = leafValidity(authority, days, now, () => undefined, signer.facts.notAfter);
  const leaf = await makeClientLeaf({
    privateKey,
    address,
    commonName: login,
    ...validity,
    issuer: signer,
    random,
  });
  await recordIssued(authority, leaf, [address], now, { login });
  const { serial, sha256, notBefore, notAfter } = readCertificate(leaf);
  return {
    address,
    login,
    serial,
    sha256,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    leaf,
    chain: [...(authority.issuing === undefined ? [] : [authority.issuing]), authority.root],
  };
};
