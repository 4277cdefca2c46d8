// Names to addresses, without leaving this machine.
import { expect, test } from "vitest";
import { createResolve, resolveHost } from "../../src/probe/resolve.ts";

test("an address is its own answer", async () => {
  expect(await resolveHost("2001:db8::1", 1000)).toEqual(["2001:db8::1"]);
  expect(await resolveHost("192.0.2.1", 1000)).toEqual(["192.0.2.1"]);
});

test("localhost has loopback addresses, each once", async () => {
  const addresses = await resolveHost("localhost", 5000);
  expect(addresses).toContain("127.0.0.1");
  expect(new Set(addresses as readonly string[]).size).toBe((addresses as readonly string[]).length);
});

test("a look-up that takes too long is said, not waited for", async () => {
  const never = createResolve(() => new Promise(() => undefined));
  expect(await never("mail.example.org", 10)).toEqual({ message: "the name server did not answer in time" });
});

test.each([
  ["ENOTFOUND", "no such name in the DNS"],
  ["EAI_AGAIN", "the name server does not answer"],
  ["EOTHER", "look-up failed (EOTHER)"],
])("%s is a message, not an exception", async (code, message) => {
  const failing = createResolve(() => Promise.reject(Object.assign(new Error("getaddrinfo"), { code })));
  expect(await failing("mail.example.org", 1000)).toEqual({ message: expect.stringContaining(message) });
});

test("an address that is there twice is looked at once", async () => {
  const twice = createResolve(async () => [
    { address: "192.0.2.1" },
    { address: "192.0.2.1" },
    { address: "2001:db8::1" },
  ]);
  expect(await twice("mail.example.org", 1000)).toEqual(["192.0.2.1", "2001:db8::1"]);
});

test("names that take long hold up the others, but use up nobody else's time, and no more than three threads", async () => {
  let running = 0;
  let most = 0;
  const ends: (() => void)[] = [];
  const resolve = createResolve(async (host) => {
    most = Math.max(most, (running += 1));
    if (host.startsWith("slow")) await new Promise<void>((end) => ends.push(end));
    running -= 1;
    return [{ address: "192.0.2.1" }];
  });
  const slow = ["slow1.example", "slow2.example", "slow3.example"].map((host) => resolve(host, 10));
  let answered = false;
  const good = resolve("good.example", 60_000).finally(() => (answered = true));
  const late = { message: "the name server did not answer in time" };
  expect(await Promise.all(slow)).toEqual([late, late, late]);
  // Their threads are still taken.
  expect(answered).toBe(false);
  ends[0]?.();
  expect(await good).toEqual(["192.0.2.1"]);
  expect(most).toBe(3);
});
