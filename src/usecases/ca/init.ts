// ca init: a private CA before the first certificate needs it.
import type { NameConstraints } from "../../domain/name-constraints.ts";
import { caWord } from "../../domain/private-ca.ts";
import { shellWord } from "../../domain/shell-word.ts";
import type { InitRequest, ShownCa } from "../../issuers/private-cas.ts";
import { recordChange } from "../record-change.ts";
import type { World } from "../world.ts";
import { certificatesOf } from "./of-ca.ts";
import { otherRootFindings } from "./other-root.ts";
import { theCa } from "./show.ts";

export type InitWish = Omit<InitRequest, "names" | "now">;

export interface InitResult {
  readonly name: string;
  readonly folder: string;
  readonly outcome: "planned" | "made";
  readonly limits?: NameConstraints;
  readonly ca?: ShownCa;
  readonly notes: readonly string[];
}

/** Names of the configuration's certificates by this CA, else the host's own. */
const requestOf = async (world: World, wish: InitWish): Promise<InitRequest> => {
  const served = await certificatesOf(world, wish.name);
  const ours = served.flatMap(({ names }) => names);
  // What the entries say that the CA is limited to, it has to be limited to: they would be refused otherwise.
  const stated = served.flatMap(({ config }) =>
    config?.issuer.kind === "private-ca" ? (config.issuer.caDomains ?? []) : [],
  );
  const caDomains = wish.caDomains ?? (stated.length === 0 ? undefined : [...new Set(stated)]);
  const own = ours.length > 0 ? ours : [(await world.scheduling()).hostName].filter((name) => /\w\.\w/.test(name));
  const names = own.map((name) => name.toLowerCase());
  return { ...wish, ...(caDomains === undefined ? {} : { caDomains }), names, now: world.now() };
};

/** All that can be refused, before a person is asked for a passphrase. */
export const planInit = async (world: World, wish: InitWish): Promise<InitResult> => {
  const cas = await world.privateCas();
  const limits = await cas.planInit(await requestOf(world, wish));
  const { issuing } = wish;
  const notes =
    issuing === undefined
      ? []
      : [
          issuing.offline === undefined
            ? `an issuing CA would sign; the root's key would lie in ${cas.folderOf(wish.name)}, under a passphrase`
            : `an issuing CA would sign; the root's key would go into ${issuing.offline}, under a passphrase, and nowhere else`,
        ];
  return { name: wish.name, folder: cas.folderOf(wish.name), outcome: "planned", ...limits, notes };
};

/** The caller holds the lock. */
export const initCa = async (world: World, wish: InitWish): Promise<InitResult> => {
  const cas = await world.privateCas();
  const request = await requestOf(world, wish);
  const { name, issuing } = wish;
  await cas.planInit(request);
  const folder = cas.folderOf(name);
  await cas.init(request);
  await recordChange(world, {
    what: `made the private CA "${name}" in ${folder}${issuing ? ", with an issuing CA" : ""}`,
    undo: `where nobody has imported its root yet: move ${folder} away`,
  });
  const ca = await theCa(world, name);
  const { limits } = ca.root;
  const offline = issuing?.offline;
  return {
    name,
    folder,
    outcome: "made",
    ...(limits === undefined ? {} : { limits }),
    ca,
    notes: [
      ...(offline === undefined
        ? []
        : [
            `the root's key is in ${offline} and nowhere else: carry that folder away from this host, in two copies, and delete it here; only mailcert ca rotate needs it again`,
          ]),
      ...(issuing && offline === undefined
        ? ["the root's key is on this host, under the passphrase: without that there is no next root"]
        : []),
      `back it up, for a lost CA cannot be made again: mailcert ca backup${caWord(name)} --out FILE`,
      ...(await otherRootFindings(world, ca)).map(({ message, hint = "" }) => `${message}; ${hint}`),
      name === "default"
        ? "certificates by it: issuer: private-ca in the configuration, or `mailcert setup HOST`"
        : `certificates by it: issuer: private-ca and ca: ${name} in the configuration, or \`mailcert setup HOST --ca ${shellWord(name)}\``,
    ],
  };
};
