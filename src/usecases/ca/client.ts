// ca client: a certificate by which a person logs in, with its key, in one file for them. The key stays nowhere else.
import { join } from "node:path";
import { clientDays, identityFile } from "../../domain/client-identity.ts";
import type { Finding } from "../../domain/finding.ts";
import { Failure } from "../../domain/failure.ts";
import { newPassword } from "../../domain/identity-password.ts";
import type { KeyAlgorithm } from "../../domain/keys.ts";
import type { ClientRequest, ShownClient } from "../../issuers/private-cas.ts";
import { tellServers } from "../client-trust.ts";
import { recordChange } from "../record-change.ts";
import type { World } from "../world.ts";
import { theCa } from "./show.ts";

export interface ClientWish {
  /** The CA's name. */
  readonly name: string;
  /** ASCII, its domain as A-labels. */
  readonly address: string;
  readonly login?: string;
  readonly days?: number;
  readonly key: KeyAlgorithm;
  readonly form: "compatible" | "modern";
  /** Absolute. */
  readonly folder: string;
  /** Not empty, ASCII; undefined: one is made. */
  readonly password?: string;
  /** A made one is shown to whoever ran this, who is at a terminal; else it is written beside the file. */
  readonly shows: boolean;
}

export interface ClientResult {
  readonly name: string;
  readonly outcome: "planned" | "made";
  readonly address: string;
  readonly login: string;
  readonly key: KeyAlgorithm;
  readonly form: "compatible" | "modern";
  readonly file: string;
  readonly certificate?: ShownClient;
  /** Who knows the password: a person chose it; it is shown this once; it lies in a file. */
  readonly password:
    | { readonly kind: "given" }
    | { readonly kind: "shown"; readonly text: string }
    | { readonly kind: "file"; readonly file: string };
  /** Earlier ones of the same address that are still valid. */
  readonly earlier: readonly ShownClient[];
  /** Of servers that were not made to know of it. */
  readonly findings: readonly Finding[];
}

const requestOf = (world: World, { name, address, login, days = clientDays }: ClientWish): ClientRequest => ({
  name,
  address,
  ...(login === undefined ? {} : { login }),
  // A CA ends long before.
  days: Math.min(days, 36_500),
  now: world.now(),
});

const passwordFile = (file: string): string => file.replace(/\.p12$/, ".password.txt");

/** The first name that nothing has: an earlier file is somebody's key. */
const freeFile = async (world: World, { folder, address }: ClientWish): Promise<string> => {
  const { exists } = await world.identities();
  for (let nth = 1; nth < 1000; nth += 1) {
    const file = join(folder, identityFile(address, nth));
    if (!(await exists(file)) && !(await exists(passwordFile(file)))) return file;
  }
  throw new Failure("cannot-create", `there are a thousand files of ${address} in ${folder}`, {
    hints: ["hand them on, delete them here, or name another folder: --out DIR"],
  });
};

/** All that can be refused, before a person is asked for a password. */
export const planClient = async (world: World, wish: ClientWish): Promise<ClientResult> => {
  const { clients = [] } = await theCa(world, wish.name);
  await (await world.privateCas()).planClient(requestOf(world, wish));
  const file = await freeFile(world, wish);
  return {
    name: wish.name,
    outcome: "planned",
    address: wish.address,
    login: wish.login ?? wish.address,
    key: wish.key,
    form: wish.form,
    file,
    password:
      wish.password !== undefined
        ? { kind: "given" }
        : wish.shows
          ? { kind: "shown", text: "" }
          : { kind: "file", file: passwordFile(file) },
    findings: [],
    earlier: clients.filter(({ address }) => address.toLowerCase() === wish.address.toLowerCase()),
  };
};

const taken = (path: string): Failure =>
  new Failure("cannot-create", `${path} was made by somebody else meanwhile`, { hints: ["run the command again"] });

/** The certificate is written down, and its key is gone. */
const inNoFile = (error: unknown, serial: string, alone: string | undefined): unknown => {
  if (!(error instanceof Failure)) return error;
  const { kind, message, hints, facts } = error;
  return new Failure(kind, `${message}: the certificate ${serial} is in no file`, {
    hints: [
      ...hints,
      `nobody has its key; take it off the list of those that are good: mailcert ca revoke ${serial}`,
      ...(alone === undefined ? [] : [`delete ${alone}: the password in it opens nothing`]),
    ],
    cause: error,
    ...(facts === undefined ? {} : { facts }),
  });
};

/** The caller holds the lock. */
export const makeClient = async (world: World, wish: ClientWish): Promise<ClientResult> => {
  const planned = await planClient(world, wish);
  const { write, prepare, create, random } = await world.identities();
  await prepare(wish.folder);
  const key = await world.generateKey(wish.key);
  const password = wish.password ?? newPassword(random);
  const request = requestOf(world, wish);
  const { leaf, chain, ...certificate } = await (await world.privateCas()).issueClient({ ...request, privateKey: key });
  await recordChange(world, {
    what: `made the client certificate ${certificate.serial} for ${wish.address} by the private CA "${wish.name}", into ${planned.file}`,
    undo: `mailcert ca revoke ${certificate.serial}`,
  });
  // The password first: a file that nobody can open is of no use.
  const beside = planned.password.kind === "file" ? planned.password.file : undefined;
  let alone: string | undefined;
  try {
    const content = write({ key, leaf, chain, password, friendlyName: wish.address, form: wish.form });
    if (beside !== undefined && !(await create(beside, `${password}\n`))) throw taken(beside);
    alone = beside;
    if (!(await create(planned.file, content))) throw taken(planned.file);
  } catch (error) {
    throw inNoFile(error, certificate.serial, alone);
  }
  const findings = await tellServers(world, wish.name);
  return {
    ...planned,
    outcome: "made",
    findings,
    certificate,
    ...(planned.password.kind === "shown" ? { password: { kind: "shown", text: password } } : {}),
  };
};
