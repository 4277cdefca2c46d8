// One account of another client's: its parts put together, or why they do not make one.
import { emailAddress } from "../domain/email.ts";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import type { ForeignAccount } from "./importer.ts";
import { signsRequests } from "./material.ts";

export interface AccountParts {
  readonly path: string;
  readonly directory: string | undefined;
  readonly url: string | undefined;
  /** With or without `mailto:`. */
  readonly email: string | undefined;
  /** Reads the key as PKCS#8 PEM. @throws Failure `data` */
  readonly key: () => string;
}

export const isHttps = (text: string | undefined): text is string =>
  text !== undefined && URL.canParse(text) && new URL(text).protocol === "https:" && clean(text, 500) === text;

export const emailOf = (text: string | undefined): string | undefined => {
  const read = emailAddress((text ?? "").replace(/^mailto:/, ""));
  return "email" in read ? read.email : undefined;
};

/** The account, or a sentence that says why it stays where it is. */
export const accountOf = ({ path, directory, url, email, key }: AccountParts): ForeignAccount | string => {
  const stays = (why: string): string => `the account in ${path} ${why}`;
  if (!isHttps(url)) return stays("does not say its URL: it was never registered, or its file is damaged");
  if (!isHttps(directory))
    return stays(
      `belongs to a CA whose directory URL is not written down there: add --acme URL (it is ${new URL(url).host})`,
    );
  try {
    const pem = key();
    if (!signsRequests(pem)) return stays("has a key of a kind that no request can be signed with");
    const address = emailOf(email);
    return { path, directory, url, key: pem, ...(address === undefined ? {} : { email: address }) };
  } catch (error) {
    if (error instanceof Failure) return stays(`cannot be read: ${error.message}`);
    throw error;
  }
};
