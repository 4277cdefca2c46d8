// The snippet use case: which version is printed for, and what is said where none is known.
import { describe, expect, test } from "vitest";
import type { Installation, ServedCertificate } from "../../src/servers/server.ts";
import { snippet } from "../../src/usecases/snippet.ts";
import type { World } from "../../src/usecases/world.ts";

const certificate = { name: "mail.example.org", names: ["mail.example.org"], keys: ["ecdsa-p384", "rsa"] } as const;

const worldWith = (installed: readonly Pick<Installation, "version">[]): World => {
  const server = {
    detect: async () => installed,
    snippet: (served: ServedCertificate, version: string) => `${version} ${Object.keys(served.slots).join(",")}`,
  };
  const store = {
    livePaths: (_name: string, slots: readonly string[]) => Object.fromEntries(slots.map((slot) => [slot, {}])),
  };
  // Only these two are used; anything else would throw.
  return { servers: async () => ({ dovecot: server }), store } as unknown as World;
};

describe("snippet", () => {
  test("is for the installed version, unless another one is named", async () => {
    const world = worldWith([{ version: "2.3.19.1" }]);
    expect(await snippet(world, certificate, { server: "dovecot", version: undefined })).toEqual({
      server: "dovecot",
      version: "2.3.19.1",
      certificate: "mail.example.org",
      text: "2.3.19.1 ecdsa,rsa",
    });
    expect((await snippet(world, certificate, { server: "dovecot", version: "2.4" })).version).toBe("2.4");
  });

  test("nothing installed and no version, or no such server: usage, with what to give", async () => {
    const world = worldWith([]);
    for (const server of ["dovecot", "exim", "constructor"]) {
      const failure = await snippet(world, certificate, { server, version: undefined }).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({
        kind: "usage",
        hints: [expect.stringMatching(/--server-version|one of: dovecot/)],
      });
    }
  });
});
