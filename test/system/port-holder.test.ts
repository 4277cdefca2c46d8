// Finding who listens on a port: against a made-up /proc, and against this very process.
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findPortHolders, listeningInodes } from "../../src/system/port-holder.ts";

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const row = (local: string, state: string, inode: number): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0`;

describe("port holder", () => {
  test("reads listening sockets of one port, both families", () => {
    const v4 = [
      head,
      row("00000000:0050", "0A", 11),
      row("0100007F:0050", "01", 12),
      row("00000000:0051", "0A", 13),
    ].join("\n");
    expect(listeningInodes(v4, 80)).toEqual(["11"]);
    const v6 = [head, row("00000000000000000000000000000000:0050", "0A", 14)].join("\n");
    expect(listeningInodes(v6, 80)).toEqual(["14"]);
    expect(listeningInodes("", 80)).toEqual([]);
    expect(listeningInodes("nonsense\n\n", 80)).toEqual([]);
  });

  test("finds the process by its descriptors, and cleans its name", async () => {
    const proc = await mkdtemp(join(tmpdir(), "mailcert-proc-"));
    await mkdir(join(proc, "net"));
    await mkdir(join(proc, "42/fd"), { recursive: true });
    await mkdir(join(proc, "43/fd"), { recursive: true });
    await writeFile(join(proc, "net/tcp"), [head, row("00000000:0050", "0A", 777)].join("\n"));
    await symlink("socket:[777]", join(proc, "42/fd/5"));
    await symlink("socket:[778]", join(proc, "43/fd/5"));
    await writeFile(join(proc, "42/comm"), "ng\u001b[31minx\n");
    expect(await findPortHolders(80, proc)).toEqual([{ pid: 42, program: "ng [31minx" }]);
    expect(await findPortHolders(81, proc)).toEqual([]);
    await rm(proc, { recursive: true });
  });

  test("finds this process", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const holders = await findPortHolders((server.address() as AddressInfo).port);
    expect(holders.map((holder) => holder.pid)).toContain(process.pid);
    await new Promise((resolve) => server.close(resolve));
  });
});
