// What every mail server adapter must keep, on the real program: honest detection and listeners, plans that settle, edits that can be taken back.
import { beforeEach, describe, expect, test } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { Change, Installation, Listener, ServedCertificate, Server } from "../../src/servers/server.ts";

export interface ServerUnderTest {
  readonly server: Omit<Server, "snippet">;
  /** With both slots; its files are on the host. */
  readonly certificate: ServedCertificate;
  readonly version: RegExp;
  /** Puts the server's configuration back to what Debian installs and makes the running server use it. */
  readonly reset: () => Promise<void>;
  /** Every file of the server's configuration: type, mode, owner, link target and content. */
  readonly snapshot: () => Promise<string>;
  /** `port` for each TCP socket that the server has open, found without asking its configuration. */
  readonly openPorts: () => Promise<readonly number[]>;
  /** SHA-256 of the leaf served to a fresh connection that prefers this slot's algorithm. */
  readonly served: (listener: Listener, slot: "ecdsa" | "rsa", name?: string) => Promise<string>;
  readonly leaf: (slot: "ecdsa" | "rsa", certificate?: ServedCertificate) => Promise<string>;
  /** For a server with `sni`: one with both slots and the name `two.example.net`, and one with ECDSA alone and the names `*.example.net`, `mail.example.org`; their files are on the host. */
  readonly bySni?: readonly ServedCertificate[];
  /** With `sni`: clients that ask for no known name get its RSA key alone, whatever else there is. */
  readonly oneDefault?: boolean;
  /** Makes the configuration one that the server itself refuses; returns a word that its complaint holds. */
  readonly breakConfiguration: () => Promise<string>;
  /** What a person does next to our change: sets another certificate where ours was set. */
  readonly overwriteOurs: (installation: Installation) => Promise<void>;
  /** Whether it falls short, as it is shipped, of a TLS policy; absent: mailcert sets none there. */
  readonly hardens?: boolean;
  /** Whether a change is a certificate or key setting, and nothing else. */
  readonly isCertificateSetting: (change: Change) => boolean;
}

/** `byName`: it serves several certificates by the name that clients ask for (`Server.sni`). `byPlace`: `placesContract` is run for it, too. */
export const serverContract = (
  name: string,
  open: () => Promise<ServerUnderTest>,
  { byName = false, byPlace = false }: { readonly byName?: boolean; readonly byPlace?: boolean } = {},
): void => {
  describe(`server contract: ${name}`, () => {
    let subject: ServerUnderTest;
    let installation: Installation;

    const noOthers: readonly ServedCertificate[] = [];
    const applyPlan = async (certificate = subject.certificate, bySni = noOthers): Promise<readonly Change[]> => {
      const { changes } = await subject.server.plan(installation, certificate, bySni);
      for (const change of changes) await subject.server.apply(installation, change);
      return changes;
    };
    /** In time: one that reads its settings again may be closed for a moment, or answer as before. "": no certificate of that algorithm. */
    const expectServed = async (
      listener: Listener,
      slot: "ecdsa" | "rsa",
      leaf: string,
      asked?: string,
    ): Promise<void> => {
      const message = `${listener.protocol} ${listener.port}, ${slot}, for "${asked ?? "the default"}"`;
      await expect.poll(() => subject.served(listener, slot, asked), { timeout: 10_000, message }).toBe(leaf);
    };
    const onlyEcdsa = (): ServedCertificate => {
      const { ecdsa } = subject.certificate.slots;
      return { ...subject.certificate, slots: ecdsa ? { ecdsa } : {} };
    };

    beforeEach(async () => {
      subject = await open();
      await subject.reset();
      const [first] = await subject.server.detect();
      if (!first) throw new Error("not detected");
      installation = first;
    });

    test("detects the installed version, running", async () => {
      expect(installation.version).toMatch(subject.version);
      expect(installation.running).toBe(true);
    });

    test("lists the listeners that are really there, no more and no fewer", async () => {
      const listeners = await subject.server.listeners(installation);
      const ports = [...new Set(listeners.map(({ port }) => port))].toSorted((a, b) => a - b);
      // One that is told to read its settings again may close its sockets and open them anew (Exim on SIGHUP).
      await expect.poll(() => subject.openPorts(), { timeout: 10_000 }).toEqual(ports);
      expect(listeners.every(({ unobservable }) => unobservable === undefined)).toBe(true);
    });

    test("plans certificate settings only, and changes nothing while planning", async () => {
      const before = await subject.snapshot();
      const { changes } = await subject.server.plan(installation, subject.certificate);
      expect(changes.length).toBeGreaterThan(0);
      expect(changes.filter((change) => !subject.isCertificateSetting(change))).toEqual([]);
      expect(await subject.snapshot()).toBe(before);
    });

    test("serves both slots (one that takes one only: that one) after apply and reload; a second plan is empty", async () => {
      await applyPlan();
      expect((await subject.server.plan(installation, subject.certificate)).changes).toEqual([]);
      expect(await subject.server.readBack(installation, subject.certificate)).toEqual([]);
      await subject.server.check(installation);
      await subject.server.reload(installation);
      for (const listener of await subject.server.listeners(installation)) {
        for (const slot of ["ecdsa", "rsa"] as const) {
          const leaf = slot === (listener.slot ?? slot) ? await subject.leaf(slot) : "";
          await expectServed(listener, slot, leaf);
        }
      }
    });

    test("serves one slot only where there is one, also to clients of the other algorithm", async () => {
      await applyPlan();
      const changes = await applyPlan(onlyEcdsa());
      expect(changes.length).toBeGreaterThan(0);
      expect((await subject.server.plan(installation, onlyEcdsa())).changes).toEqual([]);
      await subject.server.reload(installation);
      for (const listener of await subject.server.listeners(installation)) {
        // A listener that is being opened anew serves nobody: before and after, it serves.
        await expectServed(listener, "ecdsa", await subject.leaf("ecdsa"));
        await expectServed(listener, "rsa", "");
        await expectServed(listener, "ecdsa", await subject.leaf("ecdsa"));
        await expectServed(listener, "rsa", "");
      }
    });

    test("apply and revert are safe to repeat; revert gives the very same bytes, modes and owners", async () => {
      const before = await subject.snapshot();
      const changes = await applyPlan();
      const after = await subject.snapshot();
      for (const change of changes) await subject.server.apply(installation, change);
      expect(await subject.snapshot()).toBe(after);
      for (const change of changes.toReversed())
        expect(await subject.server.revert(installation, change)).toBe("reverted");
      expect(await subject.snapshot()).toBe(before);
      for (const change of changes.toReversed())
        expect(await subject.server.revert(installation, change)).toBe("reverted");
      expect(await subject.snapshot()).toBe(before);
    });

    test("two plans one after the other are taken back in reverse to the very same bytes", async () => {
      const before = await subject.snapshot();
      const changes = [...(await applyPlan(onlyEcdsa())), ...(await applyPlan())];
      for (const change of changes.toReversed())
        expect(await subject.server.revert(installation, change)).toBe("reverted");
      expect(await subject.snapshot()).toBe(before);
    });

    test("goes on where a killed run stopped, after any number of changes", async () => {
      const { changes } = await subject.server.plan(installation, subject.certificate);
      for (const [index, change] of changes.entries()) {
        const rest = (await subject.server.plan(installation, subject.certificate)).changes;
        expect(rest).toEqual(changes.slice(index));
        await subject.server.check(installation);
        await subject.server.apply(installation, change);
      }
      expect((await subject.server.plan(installation, subject.certificate)).changes).toEqual([]);
    });

    test("leaves alone what somebody changed since", async () => {
      const changes = await applyPlan();
      await subject.overwriteOurs(installation);
      const theirs = await subject.snapshot();
      const [ours] = changes;
      if (!ours) throw new Error("nothing was planned");
      expect(await subject.server.revert(installation, ours)).toBe("not-ours");
      expect(await subject.snapshot()).toBe(theirs);
    });

    test("check says what is wrong, never a key", async () => {
      await subject.server.check(installation);
      const word = await subject.breakConfiguration();
      const failure = await subject.server.check(installation).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(Failure);
      expect(failure).toMatchObject({ kind: "config", message: expect.stringContaining(word) as string });
      expect((failure as Failure).hints.length).toBeGreaterThan(0);
      expect(JSON.stringify(failure)).not.toContain("PRIVATE KEY");
    });

    test("a TLS policy, where it has one: planned without a change, settled by one application, taken back to the very same bytes", async () => {
      const { server } = subject;
      if (!server.harden) return expect(subject.hardens).toBeUndefined();
      await applyPlan();
      const before = await subject.snapshot();
      const planned = await server.harden(installation, "intermediate");
      expect(await subject.snapshot()).toBe(before);
      expect(planned.changes.length > 0).toBe(subject.hardens);
      for (const change of planned.changes) await server.apply(installation, change);
      const after = await subject.snapshot();
      for (const change of planned.changes) await server.apply(installation, change);
      expect(await subject.snapshot()).toBe(after);
      const again = await server.harden(installation, "intermediate");
      expect({ changes: again.changes, settings: again.settings }).toEqual({ changes: [], settings: [] });
      expect((await server.plan(installation, subject.certificate)).changes).toEqual([]);
      await server.check(installation);
      await server.reload(installation);
      for (const listener of await server.listeners(installation))
        await expectServed(listener, "ecdsa", await subject.leaf("ecdsa"));
      for (const change of planned.changes.toReversed())
        expect(await server.revert(installation, change)).toBe("reverted");
      expect(await subject.snapshot()).toBe(before);
    });

    test("says truly whether it serves certificates by name, and by place", () => {
      expect(subject.server.sni === true).toBe(byName);
      expect(subject.server.byPlace !== undefined).toBe(byPlace);
    });

    // Defined only where they say something: nothing is reported as skipped.
    const testByName = (what: string, body: () => Promise<void>): void => {
      if (byName) test(what, body);
    };
    testByName(
      "others by name: the first that has it, a name before a wildcard, to everybody else the default",
      async () => {
        const { bySni = [], server, certificate } = subject;
        const [two, wild] = bySni;
        if (!two || !wild) throw new Error("two certificates by name are needed");
        const before = await subject.snapshot();
        const changes = [...(await server.plan(installation, certificate, bySni)).changes];
        expect(changes.filter((change) => !subject.isCertificateSetting(change))).toEqual([]);
        for (const change of changes) await server.apply(installation, change);
        expect((await server.plan(installation, certificate, bySni)).changes).toEqual([]);
        expect(await server.readBack(installation, certificate, bySni)).toEqual([]);
        await server.check(installation);
        await server.reload(installation);
        const [listener] = await server.listeners(installation);
        if (!listener) throw new Error("nobody listens");
        // One that takes one key only: its own of the two where the certificate has it.
        const one = listener.slot ?? "ecdsa";
        const leaf = {
          main: await subject.leaf(one),
          mainRsa: await subject.leaf("rsa"),
          two: await subject.leaf(one, two),
          wild: await subject.leaf("ecdsa", wild),
        };
        const asked = (wanted: string): "ecdsa" | "rsa" => (wanted === leaf.wild ? "ecdsa" : one);
        for (const [name, wanted] of [
          ["two.example.net", leaf.two],
          ["other.example.net", leaf.wild],
          // The default has it too, and comes first.
          ["mail.example.org", leaf.main],
          ["nobody.example.com", subject.oneDefault ? "" : leaf.main],
          ["", subject.oneDefault ? "" : leaf.main],
        ] as const)
          await expectServed(listener, asked(wanted), wanted, name);
        if (listener.slot === undefined) {
          await expectServed(listener, "rsa", leaf.mainRsa, "");
          await expectServed(listener, "rsa", await subject.leaf("rsa", two), "two.example.net");
        }
        // No second key of another certificate where this one has none.
        await expectServed(listener, "rsa", "", "other.example.net");
        // One goes, then all.
        for (const change of (await server.plan(installation, certificate, [two])).changes) {
          await server.apply(installation, change);
          changes.push(change);
        }
        await server.reload(installation);
        const others = listener.slot === undefined ? leaf.mainRsa : leaf.main;
        await expectServed(listener, listener.slot ?? "rsa", others, "other.example.net");
        await expectServed(listener, one, leaf.two, "two.example.net");
        for (const change of changes.toReversed()) expect(await server.revert(installation, change)).toBe("reverted");
        expect(await subject.snapshot()).toBe(before);
      },
    );

    testByName("keeps its own certificate for everybody else where no default of ours is in place", async () => {
      const { bySni: [two] = [], server, certificate } = subject;
      if (!two) throw new Error("a certificate by name is needed");
      // One that cannot says so, and gets its default first.
      if (!server.ownDefault) return expect(server.ownDefault).toBeUndefined();
      const nobodys: ServedCertificate = { name: "", names: [], slots: {} };
      const [listener] = await server.listeners(installation);
      if (!listener) throw new Error("nobody listens");
      // Until the reload is done, what the test before had set up is served. It may have a key of one kind only.
      const kinds = async (look: (slot: "ecdsa" | "rsa") => Promise<string>) =>
        [await look("ecdsa"), await look("rsa")] as const;
      const theirs = () => kinds((slot) => subject.served(listener, slot, "mail.example.org"));
      const ours = [...(await kinds((slot) => subject.leaf(slot)))];
      for (const one of subject.bySni ?? []) ours.push(await subject.leaf("ecdsa", one));
      let own: readonly string[] = ours;
      const isOwn = async (): Promise<boolean> =>
        (own = await theirs()).join("") !== "" && !own.some((leaf) => ours.includes(leaf));
      await expect.poll(isOwn).toBe(true);
      await applyPlan(nobodys, [two]);
      expect((await server.plan(installation, nobodys, [two])).changes).toEqual([]);
      expect(await server.readBack(installation, nobodys, [two])).toEqual([]);
      await server.check(installation);
      await server.reload(installation);
      await expectServed(listener, "ecdsa", await subject.leaf("ecdsa", two), "two.example.net");
      await expect.poll(theirs).toEqual(own);
      // Then the default comes.
      await applyPlan(certificate, [two]);
      await server.reload(installation);
      await expectServed(listener, "ecdsa", await subject.leaf("ecdsa"), "mail.example.org");
    });

    test("a relisting after the change finds the same listeners", async () => {
      // Which of two keys it is given is known once it is given it.
      const places = async (): Promise<readonly Listener[]> =>
        (await subject.server.listeners(installation)).map(({ slot: _slot, ...listener }) => listener);
      const before = await places();
      await applyPlan();
      expect(await places()).toEqual(before);
    });
  });
};
