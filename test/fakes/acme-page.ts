// An HTTPS server on loopback that answers as a test says: for everything that claims to be an ACME directory and is none.
import { type RequestListener, createServer as createPlainServer } from "node:http";
import { createServer } from "node:https";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServerTls, makeServerTls } from "./acme-tls.ts";

export interface Page {
  readonly port: number;
  readonly url: string;
  readonly caFile: string;
  readonly stop: () => Promise<void>;
}

export const startPage = async (
  handler: RequestListener,
  o: { tls?: ServerTls; plain?: boolean } = {},
): Promise<Page> => {
  const tls = o.tls ?? (await makeServerTls());
  const folder = await mkdtemp(join(tmpdir(), "mailcert-page-"));
  const caFile = join(folder, "ca.pem");
  await writeFile(caFile, tls.ca);
  const server = o.plain ? createPlainServer(handler) : createServer({ key: tls.key, cert: tls.cert }, handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    url: `https://localhost:${port}/directory`,
    caFile,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await rm(folder, { recursive: true });
    },
  };
};
