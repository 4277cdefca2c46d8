// Ports of this machine for servers that start later, or never: handed out once among all tests that run side by side.
import { randomInt } from "node:crypto";
import { type ListenOptions, createServer } from "node:net";

/** Below those that the kernel gives to whoever asks for any port, or connects out (net.ipv4.ip_local_port_range begins at 32768). */
const [first, end] = [20_000, 32_768];

/** Undefined where that is taken; else what lets go of it. */
const take = (what: ListenOptions): Promise<(() => Promise<void>) | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(what, () => {
      server.unref();
      resolve(() => new Promise((closed) => void server.close(() => closed())));
    });
  });

/** A port that nobody listens on and that no other test is given while this process runs: a socket in the kernel's
 *  abstract name space (unix(7); it is the network namespace's own, as ports are) keeps it. */
export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const port = randomInt(first, end);
    if ((await take({ path: `\0mailcert-test-port-${port}` })) === undefined) continue;
    const release = await take({ port, host: "127.0.0.1" });
    if (release === undefined) continue;
    await release();
    return port;
  }
  throw new Error(`no port from ${first} to ${end - 1} is free`);
};

export const freePorts = (count: number): Promise<readonly number[]> =>
  Promise.all(Array.from({ length: count }, freePort));
