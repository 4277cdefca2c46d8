// Which process listens at a port, as the kernel has it.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { listens } from "../../src/servers/listening.ts";

it("its own port, and no other", async () => {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  expect(await listens(process.pid, [1, port])).toBe(true);
  expect(await listens(process.pid, [1])).toBe(false);
  expect(await listens(process.pid, [])).toBe(false);
  server.close();
  await once(server, "close");
  expect(await listens(process.pid, [port])).toBe(false);
});
