// A connection to one address (or unix socket); never through a name that has any, so that no address hides another.
import { createSocket } from "node:dgram";
import { type Socket, isIPv6, connect as netConnect } from "node:net";
import { Stop } from "./stop.ts";

const words: Readonly<Record<string, readonly [Stop["reason"], string]>> = {
  ECONNREFUSED: ["refused", "connection refused: nothing listens there"],
  ECONNRESET: ["closed", "the connection was reset"],
  ETIMEDOUT: ["timeout", "no answer to the connection"],
  EHOSTUNREACH: ["unreachable", "the address cannot be reached from here"],
  ENETUNREACH: ["unreachable", "a router on the way says that the network of that address cannot be reached"],
  ENETDOWN: ["unreachable", "this machine's network is down"],
  EADDRNOTAVAIL: ["no-route", "this machine has no address of that kind"],
  EAFNOSUPPORT: ["no-route", "this machine has no address of that kind"],
  ENOTFOUND: ["dns", "this machine finds no address for that name"],
  ENODATA: ["dns", "this machine finds no address for that name"],
  EAI_AGAIN: ["dns", "the DNS gives no answer about that name"],
  EACCES: ["unreachable", "this machine may not connect there (firewall)"],
  EPERM: ["unreachable", "this machine may not connect there (firewall)"],
};

/** The same where the address is the path of a unix socket. */
const socketWords: typeof words = {
  ECONNREFUSED: ["refused", "connection refused: nothing listens on this socket any more"],
  ENOENT: ["refused", "there is no such socket"],
  ENOTDIR: ["refused", "there is no such socket"],
  ENOTSOCK: ["refused", "this is no socket"],
  EPROTOTYPE: ["refused", "this is no stream socket"],
  EACCES: ["unreachable", "permission denied: run it as root, or as the user that delivers mail"],
};

const noRoute = ["no-route", "this machine has no route to that address"] as const;

/** A datagram socket that is connected sends nothing: this machine's own routing table answers, no router. */
const askRoute = (address: string, port: number, told: (has: boolean) => void): void => {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  const end = (has: boolean): void => {
    socket.close();
    told(has);
  };
  socket.once("error", () => end(false)).once("connect", () => end(true));
  socket.connect(port, address);
};

/** @throws Stop at stage `connect`. */
export const connect = (address: string, port: number, signal: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const path = address.startsWith("/");
    const socket = netConnect(path ? { path: address } : { host: address, port, autoSelectFamily: false });
    const fail = (reason: Stop["reason"], message: string): void => {
      signal.removeEventListener("abort", late);
      socket.destroy();
      reject(new Stop("connect", reason, message));
    };
    const late = (): void => fail("timeout", "no answer to the connection: a firewall, or the host is down");
    const onError = (error: NodeJS.ErrnoException): void => {
      const [reason, message] = (path ? socketWords : words)[error.code ?? ""] ?? ["unreachable", error.message];
      if (path || error.code !== "ENETUNREACH") return fail(reason, message);
      askRoute(address, port, (has) => (has ? fail(reason, message) : fail(...noRoute)));
    };
    if (signal.aborted) return late();
    signal.addEventListener("abort", late, { once: true });
    socket.once("error", onError).once("connect", () => {
      signal.removeEventListener("abort", late);
      socket.off("error", onError);
      // From here on whoever reads has its own listener; an error with nobody reading must not end the program.
      socket.on("error", () => undefined).setNoDelay(true);
      resolve(socket);
    });
  });
