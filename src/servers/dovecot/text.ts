// The text of the file that Dovecot includes: what the template needs to know of the certificates.
import { stamped } from "../../domain/stamp.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import { hostNames } from "../host-names.ts";
import type { ServedCertificate } from "../server.ts";
import { type NameBlock, inOrder } from "./blocks.ts";
import type { Generation } from "./generation.ts";

export interface DovecotText {
  /** Absent: Dovecot keeps its own certificate for everybody who asks for no known name. */
  readonly main: ServedCertificate | undefined;
  readonly blocks: readonly NameBlock[];
  /** How many certificates are served by name. */
  readonly byName: readonly ServedCertificate[];
  readonly ssl: boolean;
}

const pair = ({ name, slots }: ServedCertificate) => {
  const { ecdsa, rsa } = slots;
  const main = ecdsa ?? rsa;
  if (main === undefined) throw new Error(`${name} has no slot`);
  return { main, alt: (ecdsa && rsa) ?? false };
};

const view = ({ main, blocks, byName, ssl }: DovecotText, generation: Generation, snippet: boolean) => {
  const [first, ...rest] = main ? [main, ...byName] : byName;
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

/** What deploy writes. */
export const includeText = (render: RenderTemplate, text: DovecotText, generation: Generation): string =>
  stamped(render(generation.template, view(text, generation, false), "dovecot"));

/** For pasting. */
export const snippetText = (render: RenderTemplate, text: DovecotText, generation: Generation): string =>
  render(generation.template, view(text, generation, true), "dovecot");
