// A challenge's listener on a port of this host: opened for the first token, closed after the last, every address family, and whoever holds the port named.
import type { AddressInfo, Server } from "node:net";
import type { ListenAddress } from "../domain/listen-address.ts";
import { findPortHolders } from "../system/port-holder.ts";
import { listenFailure } from "./listen-failure.ts";

export interface Listener {
  /** Opens it where it is not open. @throws Failure saying who holds the port, or why it cannot be had. */
  open(at: ListenAddress): Promise<void>;
  /** Closes it, and every connection; safe to repeat. */
  close(): Promise<void>;
  address(): AddressInfo | undefined;
}

const bind = (server: Server, at: ListenAddress, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: at.port, host, exclusive: true }, () => {
      server.off("error", reject);
      // After this, an error of the listener (descriptors used up) only means that the CA will not reach us, and says so.
      server.on("error", () => undefined);
      resolve();
    });
  });

const bindAnywhere = async (server: Server, at: ListenAddress, challenge: string): Promise<void> => {
  try {
    await bind(server, at, at.host ?? "::");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A kernel without IPv6 has no "::"; every IPv4 address is then all there is.
    const noIpv6 = at.host === undefined && (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL");
    if (!noIpv6) throw listenFailure(error, at, await findPortHolders(at.port), challenge);
    await bind(server, at, "0.0.0.0").catch(async (again: unknown) => {
      throw listenFailure(again, at, await findPortHolders(at.port), challenge);
    });
  }
};

/** `make`: a server that does not listen yet. */
export const listenAt = (challenge: string, make: () => Server): Listener => {
  let opening: Promise<Server> | undefined;
  let bound: Server | undefined;
  let closing: Promise<void> = Promise.resolve();
  const connections = new Set<{ destroy(): unknown }>();

  const openNow = async (at: ListenAddress): Promise<Server> => {
    const server = make();
    server.on("connection", (socket) => {
      connections.add(socket);
      socket.once("close", () => connections.delete(socket));
    });
    await bindAnywhere(server, at, challenge);
    return server;
  };

  const closeNow = (server: Server): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of connections) socket.destroy();
    });

  return {
    open: async (at) => {
      opening ??= closing.then(() => openNow(at));
      try {
        bound = await opening;
      } catch (error) {
        opening = undefined;
        throw error;
      }
    },
    close: async () => {
      if (opening === undefined) return;
      const opened = opening;
      opening = undefined;
      bound = undefined;
      // A later token may come while this one goes: it opens the port only when it is free again.
      closing = opened.then(closeNow, () => undefined);
      await closing;
    },
    address: () => bound?.address() as AddressInfo | undefined,
  };
};
