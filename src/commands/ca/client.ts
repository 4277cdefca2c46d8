// ca client: read what is wanted, ask for a password where somebody can be asked, make, show.
import type { Context } from "../../cli/command.ts";
import { exitStatus } from "../../cli/exit-status.ts";
import { loginProblem } from "../../domain/client-identity.ts";
import { emailAddress } from "../../domain/email.ts";
import { Failure } from "../../domain/failure.ts";
import { typedAlike } from "../../domain/identity-password.ts";
import type { KeyAlgorithm } from "../../domain/keys.ts";
import { ownPath } from "../../domain/own-path.ts";
import { clean } from "../../domain/text.ts";
import { clientDocument, clientText } from "../../reports/ca-client.ts";
import { type ClientWish, makeClient, planClient } from "../../usecases/ca/client.ts";
import { locked } from "../locked.ts";
import { passwordOrNone } from "./passphrase.ts";

const example = "for example: mailcert ca client alice@example.org --out /root/clients";

const addressFrom = (text: string | undefined): string => {
  if (text === undefined) throw new Failure("usage", "say whose certificate: an e-mail address", { hints: [example] });
  const read = emailAddress(text);
  if ("email" in read) return read.email;
  throw new Failure("usage", `"${clean(text, 80)}" ${read.problem}`, {
    hints: [
      example,
      ...(/[^\p{ASCII}]/u.test(text.slice(0, text.lastIndexOf("@")))
        ? ["addresses with other letters than those of ASCII before the @ (RFC 9598) are not written into certificates"]
        : []),
    ],
  });
};

const loginFrom = (text: string | undefined, address: string): { readonly login?: string } => {
  const problem = loginProblem(text ?? address);
  if (problem === undefined) return text === undefined ? {} : { login: text };
  throw new Failure(
    "usage",
    `${text === undefined ? "the address" : "--login"}: "${clean(text ?? address, 80)}" ${problem}`,
    {
      hints: ["give the name that the person logs in with: --login NAME"],
    },
  );
};

/** @throws Failure `usage` for one that not all systems make the same key of. */
const ascii = (password: string): string => {
  if (typedAlike(password)) return password;
  throw new Failure("usage", "the password has letters that not all systems read alike: only those of ASCII are safe", {
    hints: ["take another, or leave it empty: one is made"],
  });
};

const question =
  "Password for the file, which the person will type once (at least 12 characters; empty: one is made): ";

export const client = async (context: Context): Promise<number> => {
  const { args, options, globals, output, host } = context;
  const address = addressFrom(args[1]);
  const out = options["out"] as string | undefined;
  if (out === undefined) throw new Failure("usage", "say where to write the file: --out DIR", { hints: [example] });
  const days = options["days"] as number | undefined;
  const key = (options["key"] as KeyAlgorithm | undefined) ?? "ecdsa";
  const wish: ClientWish = {
    name: args[2] ?? "default",
    address,
    ...loginFrom(options["login"] as string | undefined, address),
    ...(days === undefined ? {} : { days }),
    key,
    form: options["modern"] === true ? "modern" : "compatible",
    folder: ownPath(host, out),
    shows: host.stdout.isTTY && !globals.json && !globals.quiet,
  };
  // Refused before anybody types, and typed before the lock is taken: renewals do not wait for a person.
  const planned = await planClient(await context.world(), wish);
  if (globals.dryRun) {
    output.result(clientText(planned), clientDocument(planned), false);
    return exitStatus.done;
  }
  const password = await passwordOrNone(context, question);
  const whole = password === undefined ? wish : { ...wish, password: ascii(password) };
  const result = await locked(context, (world) => makeClient(world, whole));
  const trouble = result.findings.length > 0;
  output.result(clientText(result), clientDocument(result), trouble);
  return trouble ? exitStatus.findings : exitStatus.done;
};
