// The text of the file that Dovecot includes: what the template needs to know of the certificates.
import { stamped } from "../../domain/stamp.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import { hostNames } from "../host-names.ts";
import type { PlacedCertificate, ServedCertificate } from "../server.ts";
import { type NameBlock, inOrder } from "./blocks.ts";
import { type ClientLogin, clientPart } from "./clients.ts";
import type { Generation } from "./generation.ts";
import { type DovecotPlaces, isEmpty, placeBlocks } from "./places.ts";

export interface DovecotText {
  /** Absent: Dovecot keeps its own certificate for everybody who asks for no known name. */
  readonly main: ServedCertificate | undefined;
  readonly blocks: readonly NameBlock[];
  /** How many certificates are served by name. */
  readonly byName: readonly ServedCertificate[];
  readonly ssl: boolean;
  /** Certain addresses and services have their own. */
  readonly placed?: readonly PlacedCertificate[];
  readonly places?: DovecotPlaces;
  /** Of this host. */
  readonly addresses?: readonly string[];
  /** People log in with certificates; absent: nobody asked for it. */
  readonly clients?: ClientLogin | undefined;
}

const pair = ({ name, slots }: ServedCertificate) => {
  const { ecdsa, rsa } = slots;
  const main = ecdsa ?? rsa;
  if (main === undefined) throw new Error(`${name} has no slot`);
  return { main, alt: (ecdsa && rsa) ?? false };
};

const hasPlaces = ({ places }: DovecotText): boolean => places !== undefined && !isEmpty(places);

const view = (text: DovecotText, generation: Generation, snippet: boolean) => {
  const { main, byName, placed = [], ssl } = text;
  const blocks = hasPlaces(text) ? [] : text.blocks;
  const [first, ...rest] = [...(main ? [main] : []), ...byName, ...placed];
  if (first === undefined) throw new Error("there is no certificate to serve");
  return {
    snippet,
    ssl,
    version: generation.version,
    name: rest.length === 0 ? first.name : `${first.name} and ${rest.length} more`,
    hosts: hostNames(first),
    everybody: main ? pair(main) : false,
    blocks: inOrder(blocks, generation).map(({ host, certificate }) => ({ host, ...pair(certificate) })),
  };
};

/** Behind everything else: at an address, or for a service, its own certificate wins. */
const ownPlaces = (text: DovecotText, generation: Generation): string => {
  const { places, addresses = [] } = text;
  if (!places || !hasPlaces(text)) return "";
  const names = inOrder(text.blocks, generation);
  const words =
    names.length > 0
      ? "# By name (SNI); then by service and by address, where everybody gets it, whatever name they ask for."
      : "# By service and by address: everybody gets it there, whatever name they ask for.";
  return [words, ...placeBlocks({ places, names, addresses }, generation), ""].join("\n");
};

/** What deploy writes. */
export const includeText = (render: RenderTemplate, text: DovecotText, generation: Generation): string =>
  stamped(
    render(generation.template, view(text, generation, false), "dovecot") +
      clientPart(text.clients, generation) +
      ownPlaces(text, generation),
  );

/** For pasting. */
export const snippetText = (render: RenderTemplate, text: DovecotText, generation: Generation): string =>
  render(generation.template, view(text, generation, true), "dovecot") + ownPlaces(text, generation);
