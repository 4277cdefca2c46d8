// What a mail server adapter with `byPlace` must keep, on the real program: everybody gets a certificate where it is for everybody, and nobody elsewhere.
import { expect, test } from "vitest";
import type { Change, Installation, Listener, PlacedCertificate, ServedCertificate } from "../../src/servers/server.ts";
import type { ServerUnderTest } from "./server.ts";

export interface PlacesUnderTest extends Pick<ServerUnderTest, "snapshot" | "leaf" | "certificate"> {
  readonly server: ServerUnderTest["server"];
  /** Puts the server into the state of before, with two addresses. */
  readonly reset: () => Promise<void>;
  /** One by name, which a wildcard covers. */
  readonly bySni: readonly ServedCertificate[];
  /** By address with both slots, by service, and by both, in this order. */
  readonly placed: readonly PlacedCertificate[];
  /** Entry points, each with whose they are; undefined: the default's, and by name. */
  readonly spots: readonly (Pick<Listener, "protocol" | "mode" | "port"> & {
    readonly address: string;
    readonly whose: ServedCertificate | undefined;
    /** Whose once the one by address is gone; absent: the same, where it is not its own. */
    readonly afterwards?: ServedCertificate;
  })[];
  readonly served: (spot: PlacesUnderTest["spots"][number], slot: "ecdsa" | "rsa", name: string) => Promise<string>;
}

/** Names that clients ask for: none, and one of the certificate by name. */
const asked = ["", "a.example.net"];

export const placesContract = (name: string, open: () => Promise<PlacesUnderTest>): void => {
  test(`server contract, by place: ${name}`, async () => {
    const { server, reset, snapshot, leaf, certificate, bySni, placed, spots, served } = await open();
    await reset();
    const [installation] = await server.detect();
    if (!installation) throw new Error("not detected");
    const [byAddress] = placed;
    const [wild] = bySni;
    if (!byAddress || !wild) throw new Error("a certificate by address and one by name are needed");

    const applyPlan = async (of: readonly PlacedCertificate[]): Promise<readonly Change[]> => {
      const { changes } = await server.plan(installation, certificate, bySni, of);
      for (const change of changes) await server.apply(installation, change);
      return changes;
    };
    const settled = async (at: Installation, of: readonly PlacedCertificate[]): Promise<void> => {
      const again = await server.plan(at, certificate, bySni, of);
      expect(again.changes).toEqual([]);
      expect(await server.readBack(at, certificate, bySni, of)).toEqual([]);
      await server.check(at);
      await server.reload(at);
    };
    const expectServed = async (of: readonly PlacedCertificate[]): Promise<void> => {
      for (const spot of spots) {
        const gone = !of.includes(byAddress);
        const whose = gone && spot.whose?.name === byAddress.name ? spot.afterwards : spot.whose;
        const apart = of.some(({ places: { addresses, services } }) => services && addresses?.includes(spot.address));
        const nameless = apart && server.byPlace?.namesLeave?.(installation) === true;
        // What the others are served is seen at the first look.
        for (const wanted of gone && whose ? [""] : asked) {
          const byName = wanted === "" || nameless ? certificate : wild;
          const message = `${spot.address} ${spot.port} "${wanted}"`;
          await expect
            .poll(() => served(spot, "ecdsa", wanted), { timeout: 10_000, message })
            .toBe(await leaf("ecdsa", whose ?? byName));
        }
      }
    };

    const before = await snapshot();
    const changes = [...(await applyPlan(placed))];
    // In the log each setting of a service is the certificate's that it is for: it goes with it.
    const { ofServices = [] } = await server.plan(installation, certificate, bySni, placed);
    for (const change of changes)
      if (change.kind === "service-parameter")
        expect(ofServices).toContainEqual({
          service: change.service,
          parameter: change.parameter,
          certificate: change.certificate,
        });
    await settled(installation, placed);
    await expectServed(placed);
    for (const spot of spots.filter(({ whose }) => whose?.name === byAddress.name)) {
      for (const wanted of asked)
        await expect.poll(() => served(spot, "rsa", wanted), { timeout: 10_000 }).toBe(await leaf("rsa", byAddress));
    }

    // One goes: what is its own is taken back, the rest is planned anew, and its places are everybody's again.
    const left = placed.filter((one) => one !== byAddress);
    const own = changes.filter((one) => one.kind === "service-parameter" && one.certificate === byAddress.name);
    for (const change of own.toReversed()) {
      expect(await server.revert(installation, change)).toBe("reverted");
      changes.splice(changes.indexOf(change), 1);
    }
    changes.push(...(await applyPlan(left)));
    await settled(installation, left);
    await expectServed(left);

    for (const change of changes.toReversed()) expect(await server.revert(installation, change)).toBe("reverted");
    expect(await snapshot()).toBe(before);
  });
};
