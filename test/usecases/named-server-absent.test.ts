// A server that the configuration names and that is not found: a proxy may be installed for the web alone, and the words say so.
import { afterEach, beforeEach, expect, it } from "vitest";
import { findServers } from "../../src/usecases/entries.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;
beforeEach(() => {
  fake = fakeWorld();
});
afterEach(() => fake.dispose());

const refused = async (name: string): Promise<unknown> => {
  const [installed] = Object.values(await fake.world.servers());
  if (!installed) throw new Error("no server");
  const server = { ...installed, detect: async () => [] };
  return findServers({ ...fake.world, servers: async () => ({ [name]: server }) }, certificate({ servers: [name] }));
};

it("a mail server is not installed", async () => {
  await expect(refused("dovecot")).rejects.toMatchObject({
    kind: "config",
    message: "certificate mail.example.org is to be served by dovecot, which is not installed here",
    hints: ['install dovecot, or take it out of "servers:"'],
  });
});

it("nginx may be here for webmail: what does that is named", async () => {
  await expect(refused("nginx")).rejects.toMatchObject({
    message: expect.stringMatching(/nginx, which is not installed here, or ends no TLS at a port of mail$/) as string,
    hints: [
      'install nginx, or take it out of "servers:"',
      expect.stringContaining("copies of the files, `files:` (docs/servers/files.md)") as string,
    ],
  });
});
