// A passphrase from the first line of a file, or typed at a terminal without being shown. Never from the command line or the environment, which others can read.
import type { Context } from "../../cli/command.ts";
import { Failure } from "../../domain/failure.ts";
import { ownPath } from "../../domain/own-path.ts";

const fewest = 12;

/** `new`: one that is to be chosen now, typed twice and not too short. */
export type PassphraseKind = "new" | "present";

/** Who types one that is too short is told, and asked again: what is typed next must not go to the shell. */
const tries = 3;

const isShort = (passphrase: string): boolean => Array.from(passphrase).length < fewest;

const refuseShort = (passphrase: string): string => {
  if (!isShort(passphrase)) return passphrase;
  throw new Failure("usage", `the passphrase has less than ${fewest} characters: it could be guessed`, {
    hints: ["take four or five words that nobody has said together, or: openssl rand -base64 18"],
  });
};

const typed = async ({ host }: Context, question: string): Promise<string> => {
  const passphrase = await host.askSecret?.(question);
  if (passphrase === undefined || passphrase === "")
    throw new Failure("usage", "no passphrase was given: nothing was changed");
  return passphrase;
};

/** `first` was typed already; `again` asks for another one. */
const typedTwice = async (context: Context, given: string, again: string): Promise<string> => {
  let first = given;
  for (let count = 1; count < tries && isShort(first); count += 1)
    first = await typed(context, `That has less than ${fewest} characters: it could be guessed.\n${again}`);
  refuseShort(first);
  if ((await typed(context, "The same again: ")) === first) return first;
  throw new Failure("usage", "the two passphrases differ: nothing was changed");
};

/** @param what for the question: `the backup`, `the root's key`. */
export const passphraseFor = async (context: Context, what: string, kind: PassphraseKind): Promise<string> => {
  const { host, options, world } = context;
  const file = options["passphraseFile"] as string | undefined;
  if (file !== undefined) {
    const passphrase = await (await world()).readPassphrase(ownPath(host, file));
    return kind === "new" ? refuseShort(passphrase) : passphrase;
  }
  if (!host.askSecret)
    throw new Failure("usage", `a passphrase for ${what} is needed, and there is no terminal to ask at`, {
      hints: ["write it into a file that only root may read, and name that: --passphrase-file FILE"],
    });
  if (kind === "present") return typed(context, `Passphrase for ${what}: `);
  const question = `Passphrase for ${what} (at least ${fewest} characters): `;
  return typedTwice(context, await typed(context, question), question);
};

/** For a file that others are to open: what is asked may be left empty, and one is made then (undefined), as where nobody can be asked. */
export const passwordOrNone = async (context: Context, question: string): Promise<string | undefined> => {
  if (context.options["passphraseFile"] !== undefined) return passphraseFor(context, "the file", "new");
  const first = await context.host.askSecret?.(question);
  return first === undefined || first === ""
    ? undefined
    : typedTwice(context, first, `Password (at least ${fewest} characters): `);
};
