// What setup asks a person at a terminal, when the flags did not say it: who signs, and what an ACME CA needs to know.
import { acmeCas, isAcmeCaName } from "../domain/acme-directories.ts";
import type { CertificateFlags } from "../domain/certificate-flags.ts";

type Ask = (question: string) => Promise<string>;

const issuers: Readonly<Record<string, string>> = {
  "1": "private-ca",
  "2": "letsencrypt",
  "3": "self-signed",
};

const who = `Who is to sign the certificate?
  1  a private CA made on this host: people import its root once (default)
  2  Let's Encrypt: trusted everywhere; this host must be reachable on port 80 under its name
  3  nobody (self-signed): for a quick test
Choice [1]: `;

/** Asks only for what was not given. */
export const askForFlags = async (ask: Ask, given: CertificateFlags): Promise<CertificateFlags> => {
  const issuer = given.issuer ?? (given.acme === undefined ? await chooseIssuer(ask) : "acme");
  if (issuer !== "acme" && !isAcmeCaName(issuer)) return { issuer };
  const title = isAcmeCaName(issuer) ? acmeCas[issuer].title : (given.acme ?? "the CA");
  const email =
    given.email ?? ((await ask("E-mail address for the CA's notices (empty for none): ")).trim() || undefined);
  const agreeTos =
    given.agreeTos ?? /^y(es)?$/i.test((await ask(`Do you agree to the terms of service of ${title}? [y/N] `)).trim());
  return { issuer, email, agreeTos: agreeTos ? true : undefined };
};

const chooseIssuer = async (ask: Ask): Promise<string> => {
  for (;;) {
    const answer = (await ask(who)).trim();
    if (answer === "") return "private-ca";
    const issuer = issuers[answer] ?? Object.values(issuers).find((name) => name === answer);
    if (issuer !== undefined) return issuer;
  }
};
