// What setup asks a person at a terminal, when the flags did not say it: the host's name, who signs, and what an ACME CA needs to know.
import type { Context } from "../cli/command.ts";
import { createStepLines } from "../cli/progress.ts";
import { acmeCas, isAcmeCaName } from "../domain/acme-directories.ts";
import type { CertificateFlags } from "../domain/certificate-flags.ts";
import { emailAddress } from "../domain/email.ts";
import { Failure } from "../domain/failure.ts";
import { NameProblem, canonicalName } from "../domain/names.ts";
import { own } from "../domain/own.ts";
import { clean } from "../domain/text.ts";
import type { World } from "../usecases/world.ts";

type Ask = (question: string) => Promise<string>;

const issuers: Readonly<Record<string, string>> = {
  "1": "private-ca",
  "2": "letsencrypt",
  "3": "self-signed",
};

const choices = `  1  a private CA made on this host: people import its root once (default)
  2  Let's Encrypt: trusted everywhere; needs this host to be reachable from the
     Internet on port 80, under its name
  3  nobody (self-signed): for a quick test
`;

/** Asks until `read` takes the answer; what is wrong with one is said before the question comes again. */
const until = async <Value>(
  ask: Ask,
  question: string,
  read: (answer: string) => { readonly value: Value } | { readonly problem: string },
): Promise<Value> => {
  let before = "";
  for (;;) {
    const taken = read((await ask(before + question)).trim());
    if ("value" in taken) return taken.value;
    before = `${taken.problem}\n`;
  }
};

const shown = (answer: string): string => `"${clean(answer, 60)}"`;

/** `proposed`: what an empty answer takes; without one it ends the questions. @throws Failure `usage`. */
export const askForHost = (ask: Ask, proposed?: string): Promise<string> =>
  until(
    ask,
    `The mail host's name, as mail programs will have it${proposed === undefined ? "" : ` [${proposed}]`}: `,
    (answer) => {
      if (answer === "" && proposed !== undefined) return { value: proposed };
      if (answer === "") throw noHost();
      try {
        return { value: canonicalName(answer) };
      } catch (error) {
        if (!(error instanceof NameProblem)) throw error;
        return { problem: `${error.message}. It is something like mail.example.org.` };
      }
    },
  );

export const noHost = (): Failure =>
  new Failure("usage", "no host name was given", { hints: ["for example: mailcert setup mail.example.org"] });

/** An option that only one kind of issuer knows answers the question. */
const impliedIssuer = ({ acme, ca, caDomains }: CertificateFlags): string | undefined => {
  if (acme !== undefined) return "acme";
  return ca === undefined && caDomains === undefined ? undefined : "private-ca";
};

/** Asks only for what was not given. @throws Failure `config` where the terms are not agreed to. */
export const askForFlags = async (ask: Ask, given: CertificateFlags): Promise<CertificateFlags> => {
  const issuer = given.issuer ?? impliedIssuer(given) ?? (await chooseIssuer(ask));
  if (issuer !== "acme" && !isAcmeCaName(issuer)) return { issuer };
  const email = given.email ?? (await askForEmail(ask));
  if (given.agreeTos) return { issuer, email, agreeTos: true };
  const terms = isAcmeCaName(issuer)
    ? { of: acmeCas[issuer].title, where: acmeCas[issuer].terms }
    : { of: given.acme ?? "the CA", where: "on the CA's own pages" };
  if (await askForConsent(ask, terms)) return { issuer, email, agreeTos: true };
  throw new Failure("config", `the terms of service of ${terms.of} were not agreed to: nothing was changed`, {
    hints: [
      `they are ${terms.where.startsWith("https:") ? "at " : ""}${terms.where}`,
      "without a CA's terms: mailcert setup --issuer private-ca",
    ],
  });
};

const chooseIssuer = (ask: Ask): Promise<string> =>
  until(ask, `Who is to sign the certificate?\n${choices}Choice [1]: `, (answer) => {
    if (answer === "") return { value: "private-ca" };
    const value = own(issuers, answer) ?? Object.values(issuers).find((name) => name === answer);
    return value === undefined ? { problem: `${shown(answer)} is none of the choices: answer 1, 2 or 3.` } : { value };
  });

const askForEmail = (ask: Ask): Promise<string | undefined> =>
  until(ask, "E-mail address for the CA's notices (empty for none): ", (answer) => {
    if (answer === "") return { value: undefined };
    const read = emailAddress(answer);
    return "email" in read ? { value: read.email } : { problem: `${shown(answer)} ${read.problem}.` };
  });

const askForConsent = (ask: Ask, { of, where }: { readonly of: string; readonly where: string }): Promise<boolean> =>
  until(ask, `The terms of service of ${of} are\n  ${where}\nDo you agree to them? [y/N] `, (answer) => {
    if (/^(y|yes)$/i.test(answer)) return { value: true };
    return /^(n|no)?$/i.test(answer) ? { value: false } : { problem: `${shown(answer)}: answer y or n.` };
  });

/** How renewal is to be scheduled. */
export const scheduleOf = ({ options }: Context): "systemd" | "cron" | "none" | "auto" =>
  (options["schedule"] as "systemd" | "cron" | "none" | undefined) ?? "auto";

/** With a line for each step, for who waits at a terminal; --verbose has them all. */
export const waited = ({ host, globals }: Context, world: World): World => {
  const progress = createStepLines(host, globals.quiet || globals.verbose);
  return progress === undefined ? world : { ...world, progress };
};
