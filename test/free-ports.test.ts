// The ports that tests are given: each once, by none of the kernel's own, and free.
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { freePort, freePorts } from "./free-ports.ts";

it("each is another, below those of outgoing connections, and can be listened on", async () => {
  const ports = await freePorts(200);
  expect(new Set(ports).size).toBe(200);
  expect(Math.max(...ports)).toBeLessThan(32_768);
  const server = createServer();
  await once(server.listen(await freePort(), "127.0.0.1"), "listening");
  server.close();
});
