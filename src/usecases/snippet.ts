// Snippet: a server's certificate settings as text for pasting, for the version installed here or a named one.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { slotOf } from "../domain/keys.ts";
import type { PlacedCertificate, ServedCertificate } from "../servers/server.ts";
import { isFor, mainOf } from "./serving.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface SnippetRequest {
  readonly server: string;
  /** undefined: the installed one. */
  readonly version: string | undefined;
}

export interface SnippetResult {
  readonly server: string;
  readonly version: string;
  readonly certificate: string;
  readonly text: string;
}

interface Others {
  readonly bySni: readonly ServedCertificate[];
  readonly placed: readonly PlacedCertificate[];
}

/** With a server's first certificate come the others, which it serves by name, and those of certain entry points. */
const othersOf = async (world: World, name: string, server: string): Promise<Others> => {
  const read = await unlessFailure(() => world.config.read());
  const certificates = read instanceof Failure ? [] : (read?.certificates ?? []);
  const mine = certificates.filter((one) => isFor(one, server));
  const [first, ...others] = mine.filter(({ places }) => !places);
  if (first?.name !== name) return { bySni: [], placed: [] };
  const placed = mine.flatMap(({ places, ...one }) => (places ? [{ ...servedAs(world, one), places }] : []));
  return { bySni: others.map((one) => servedAs(world, one)), placed };
};

const servedAs = (
  world: World,
  { name, names, keys }: Pick<CertificateConfig, "name" | "names" | "keys">,
): ServedCertificate => ({ name, names, slots: world.store.livePaths(name, keys.map(slotOf)) });

/** Reads only. @throws Failure `usage` for an unknown server or version, or where none is installed and none was named. */
export const snippet = async (
  world: World,
  certificate: Pick<CertificateConfig, "name" | "names" | "keys" | "csr" | "places">,
  request: SnippetRequest,
): Promise<SnippetResult> => {
  const all = await world.servers();
  const server = Object.hasOwn(all, request.server) ? all[request.server] : undefined;
  if (!server) {
    throw new Failure("usage", `there are no settings for a server named "${request.server.slice(0, 40)}"`, {
      hints: [`one of: ${Object.keys(all).join(", ")}`],
    });
  }
  // Copies are of no version, and for what is not known here.
  const anyVersion = server.withTargets === undefined ? undefined : "";
  const version = request.version ?? (await server.detect())[0]?.version ?? anyVersion;
  if (version === undefined) {
    throw new Failure("usage", `${request.server} is not installed here, so that its version is not known`, {
      hints: [`say for which one: mailcert snippet ${request.server} ${certificate.name} --server-version VERSION`],
    });
  }
  if (certificate.csr !== undefined)
    throw new Failure(
      "config",
      `${certificate.name} is certified by a request (csr): its key is not on this host, and a server needs it`,
      {
        hints: ["point the server that has the key at live/<ecdsa|rsa>/fullchain.pem of the certificate"],
      },
    );
  const { name, places } = certificate;
  const served = servedAs(world, certificate);
  if (places) {
    if (!server.byPlace)
      throw new Failure("config", `mailcert gives ${request.server} no certificate by address or service`, {
        hints: [`take addresses: and services: out of the entry of ${name}, or choose another server`],
      });
    const text = server.snippet(mainOf({ bySni: [] }), version, [], [{ ...served, places }]);
    return { server: request.server, version, certificate: name, text };
  }
  const none: Others = { bySni: [], placed: [] };
  const { bySni, placed } = server.sni || server.byPlace ? await othersOf(world, name, request.server) : none;
  const text = server.snippet(served, version, server.sni ? bySni : [], server.byPlace ? placed : []);
  return { server: request.server, version, certificate: name, text };
};
