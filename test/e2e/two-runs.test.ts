// Two runs at once: one works, the other says who does.
import { expect, it } from "vitest";
import { name, onHost } from "./deployed-host.ts";

it("two runs at once: one works, the other ends with 75 and names the holder", async () => {
  await onHost({ suite: "trixie" }, async (host) => {
    expect((await host.mailcert(["setup", name, "--schedule", "none"])).status).toBe(0);
    const results = await Promise.all([host.mailcert(["renew", "--force"]), host.mailcert(["renew", "--force"])]);
    const statuses = results.map(({ status }) => status).toSorted((a, b) => (a ?? 0) - (b ?? 0));
    expect(statuses).toEqual([0, 75]);
    const second = results.find(({ status }) => status === 75);
    expect(second?.stderr).toMatch(/another mailcert is at work: process \d+ \(mailcert renew --force/);
    // Looking takes no lock.
    const child = host.mailcertSpawn(["renew", "--force"]);
    const ended = new Promise((resolve) => child.on("exit", resolve));
    child.stdout.resume();
    child.stderr.resume();
    expect((await host.mailcert(["status"])).status).toBe(0);
    await ended;
  });
});
