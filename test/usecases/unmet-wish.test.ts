// What a CA did not give is a warning once per certificate, kept with the generation, and no news at every renewal.
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AcmeSettings } from "../../src/domain/certificate-config.ts";
import { slotOf } from "../../src/domain/keys.ts";
import { type UnmetWish, stillWished, unmetFindings, unmetOf } from "../../src/domain/unmet-wish.ts";
import { issue } from "../../src/usecases/issue.ts";
import { renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { usualAcme } from "../fakes/settings.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;
beforeEach(() => {
  fake = fakeWorld();
});
afterEach(() => fake.dispose());

const profile: UnmetWish = { setting: "profile", message: "the CA does not offer the profile x" };
const chain: UnmetWish = { setting: "preferred_chain", message: "the CA has no chain y" };

/** An issuer whose CA says these of each key. */
const saying = (world: World, unmet: Readonly<Record<"ecdsa" | "rsa", readonly UnmetWish[]>>): World => ({
  ...world,
  issuer: async (kind) => {
    const issuer = await world.issuer(kind);
    return {
      ...issuer,
      issue: async (request) => ({ ...(await issuer.issue(request)), unmet: unmet[slotOf(request.algorithm)] }),
    };
  },
});

const both = certificate({ keys: ["ecdsa", "rsa"] });
const options = { force: true, newKey: false, named: true, dryRun: false, replace: false, accept: async () => false };

it("once for both keys; the key is named where it is about one", async () => {
  const { findings, generation } = await issue(saying(fake.world, { ecdsa: [profile, chain], rsa: [profile] }), both);
  expect(findings).toMatchObject([
    { check: "wish-unmet", severity: "warning", message: profile.message, hint: expect.any(String) as string },
    { check: "wish-unmet", severity: "warning", message: `${chain.message} (ecdsa)` },
  ]);
  expect(generation.unmet).toHaveLength(2);
  expect(fake.world.store.read(both.name)?.generations[0]?.unmet).toEqual(generation.unmet);
});

it("a renewal tells of it when it is new, and not again", async () => {
  const said = async (unmet: readonly UnmetWish[]): Promise<readonly string[]> => {
    const result = await renew(saying(fake.world, { ecdsa: unmet, rsa: [] }), [certificate()], options);
    return result.certificates.flatMap(({ findings }) => findings.map(({ message }) => message));
  };
  expect(await said([profile])).toEqual([profile.message]);
  expect(await said([profile])).toEqual([]);
  expect(await said([profile, chain])).toEqual([chain.message]);
  expect(await said([])).toEqual([]);
});

it("one key alone is not named, and what is not asked for any more is not spoken of", () => {
  expect(unmetOf({ ecdsa: [profile] })).toEqual([profile]);
  const asks: AcmeSettings = {
    kind: "acme",
    directory: "https://ca.example.org/dir",
    agreeTos: true,
    httpAddress: ":80",
    ...usualAcme,
    preferredChain: "y",
  };
  expect(unmetFindings(stillWished([profile, chain], asks))).toMatchObject([{ message: chain.message }]);
  expect(stillWished([profile, chain], { kind: "self-signed", days: 1 })).toEqual([]);
});
