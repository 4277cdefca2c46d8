// Processes as /proc tells them, on this machine's own: a child that listens, with and without a client, and one that does not.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, it } from "vitest";
import { servingProcesses } from "../../src/servers/processes.ts";

const children: ChildProcessWithoutNullStreams[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Says its port once it listens (0: it does not), and a word for each client. */
const start = async (listens: boolean): Promise<{ pid: number; port: number; client: () => Promise<void> }> => {
  const script = listens
    ? `process.title = "lab-server"; const s = require("node:net").createServer(() => console.log("client")).listen(0, "127.0.0.1", () => console.log(s.address().port))`
    : `process.title = "lab-server"; console.log(0); setInterval(() => undefined, 1000)`;
  const child = spawn(process.execPath, ["-e", script]);
  children.push(child);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return {
    pid: child.pid ?? 0,
    port: Number(line),
    client: async () => {
      const [socket] = [connect(Number(line), "127.0.0.1"), await once(child.stdout, "data")];
      socket.on("error", () => undefined);
    },
  };
};

const seen = async (pid: number, oneAtATime: boolean) =>
  (await servingProcesses(process.pid, ["lab-server"], oneAtATime)).find((one) => one.pid === pid);

it("since when, and whether it listens", async () => {
  const before = Date.now();
  const [server, other] = [await start(true), await start(false)];
  const found = await seen(server.pid, false);
  expect(found).toMatchObject({ program: "lab-server", takesNew: true });
  // The kernel counts hundredths from a boot that it tells in whole seconds.
  expect(Math.abs(Date.parse(found?.startedAt ?? "") - before)).toBeLessThan(60_000);
  expect((await seen(other.pid, false))?.takesNew).toBe(false);
});

it("one that serves one client at a time takes nobody new while it has one", async () => {
  const server = await start(true);
  expect((await seen(server.pid, true))?.takesNew).toBe(true);
  await server.client();
  expect((await seen(server.pid, true))?.takesNew).toBe(false);
  expect((await seen(server.pid, false))?.takesNew).toBe(true);
});

it("other parents' and other programs' processes are not looked at, nor is anything where nothing runs", async () => {
  const { pid } = await start(true);
  expect(await servingProcesses(pid, ["lab-server"], false)).toEqual([]);
  expect(await servingProcesses(process.pid, ["other-server"], false)).toEqual([]);
  expect(await servingProcesses(undefined, ["lab-server"], false)).toEqual([]);
});
