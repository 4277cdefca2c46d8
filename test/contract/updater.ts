// What every DNS updater must keep: each change as often as one likes, other values left alone, an end when it is told to stop.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DnsUpdater, TxtRecord } from "../../src/dns/updaters/updater.ts";

export interface UpdaterUnderTest {
  readonly updater: DnsUpdater;
  /** The values that the zone has at a name now. */
  readonly values: (name: string) => Promise<readonly string[]>;
  /** Two names of the zone, where the provider chooses those that it changes. */
  readonly names?: readonly [string, string];
  /** Nothing is taken away: two values stand side by side, and later ones push them out. */
  readonly keeps?: true;
  readonly close: () => Promise<void>;
}

const zone = "example.org";
const usual = [`_acme-challenge.mail.${zone}`, `_acme-challenge.${zone}`] as const;
const record = (letter: string, name: string): TxtRecord => ({ name, value: letter.repeat(43), zone });

export const updaterContract = (title: string, open: () => Promise<UpdaterUnderTest>): void => {
  describe(`updater contract: ${title}`, () => {
    const { signal } = new AbortController();
    let subject: UpdaterUnderTest;
    const values = async (name: string): Promise<readonly string[]> => (await subject.values(name)).toSorted();
    const records = (): readonly [TxtRecord, TxtRecord, TxtRecord] => {
      const [name, other] = subject.names ?? usual;
      return [record("a", name), record("b", name), record("c", other)];
    };
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.close());

    test("what is added twice stands once, what is removed twice is gone", async () => {
      const [a] = records();
      await subject.updater.add(a, signal);
      await subject.updater.add(a, signal);
      expect(await values(a.name)).toEqual([a.value]);
      await subject.updater.remove(a, signal);
      await subject.updater.remove(a, signal);
      expect(await values(a.name)).toEqual(subject.keeps ? [a.value] : []);
    });

    test("other values at the name stay, and so do other names", async () => {
      const [a, b, other] = records();
      for (const one of [a, b, other]) await subject.updater.add(one, signal);
      expect(await values(a.name)).toEqual([a.value, b.value]);
      await subject.updater.remove(a, signal);
      expect(await values(a.name)).toEqual(subject.keeps ? [a.value, b.value] : [b.value]);
      expect(await values(other.name)).toEqual([other.value]);
    });

    test("check changes nothing, before and after a change", async () => {
      const [a, b] = records();
      await subject.updater.check?.(b, signal);
      expect(await values(a.name)).toEqual([]);
      await subject.updater.add(a, signal);
      await subject.updater.check?.(b, signal);
      expect(await values(a.name)).toEqual([a.value]);
    });

    test("ends when it is told to stop, and changes nothing then", async () => {
      const [a] = records();
      await expect(subject.updater.add(a, AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
      expect(await values(a.name)).toEqual([]);
    });
  });
};
