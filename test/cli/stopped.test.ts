// verify, stopped by Ctrl-C: it says so, and promises nothing that it does not keep.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";

const program = join(import.meta.dirname, "../../bin/mailcert.js");

/** Of a server that never greets. */
const stoppedAt = async (...args: readonly string[]) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [program, "verify", `smtp://127.0.0.1:${port}`, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { MAILCERT_RESOLV_CONF: "/dev/null" },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (stdout += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
  const [socket] = (await once(server, "connection")) as [Socket];
  child.kill("SIGINT");
  const [status] = (await once(child, "close")) as [number];
  socket.destroy();
  server.close();
  return { status, stdout, stderr };
};

const words = "stopped before the end; there is no report";

test.each([[[]], [["--format", "ndjson"]], [["--format", "html"]]])("%j", { timeout: 60_000 }, async (args) => {
  expect(await stoppedAt(...args)).toEqual({ status: 75, stdout: "", stderr: `mailcert: error: ${words}\n` });
});

test("--json", { timeout: 60_000 }, async () => {
  const { status, stdout } = await stoppedAt("--json");
  expect(status).toBe(75);
  expect(JSON.parse(stdout)).toMatchObject({ error: { kind: "try-later", message: words } });
});

test("for a monitor", { timeout: 60_000 }, async () => {
  const { status, stdout } = await stoppedAt("--format", "nagios");
  expect(status).toBe(3);
  expect(stdout).toMatch(/^MAILCERT UNKNOWN - stopped before the end; there is no report/);
  expect(stdout).not.toContain("kept");
});
