// What every DNS updater must keep: each change as often as one likes, other values left alone, an end when it is told to stop.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DnsUpdater, TxtRecord } from "../../src/dns/updaters/updater.ts";

export interface UpdaterUnderTest {
  readonly updater: DnsUpdater;
  /** The values that the zone has at a name now. */
  readonly values: (name: string) => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

const zone = "example.org";
const name = `_acme-challenge.mail.${zone}`;
const record = (letter: string, at = name): TxtRecord => ({ name: at, value: letter.repeat(43), zone });

export const updaterContract = (title: string, open: () => Promise<UpdaterUnderTest>): void => {
  describe(`updater contract: ${title}`, () => {
    const { signal } = new AbortController();
    const [a, b] = [record("a"), record("b")];
    let subject: UpdaterUnderTest;
    const values = async (at = name): Promise<readonly string[]> => (await subject.values(at)).toSorted();
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.close());

    test("what is added twice stands once, what is removed twice is gone", async () => {
      await subject.updater.add(a, signal);
      await subject.updater.add(a, signal);
      expect(await values()).toEqual([a.value]);
      await subject.updater.remove(a, signal);
      await subject.updater.remove(a, signal);
      expect(await values()).toEqual([]);
    });

    test("other values at the name stay, and so do other names", async () => {
      const other = record("c", `_acme-challenge.${zone}`);
      for (const one of [a, b, other]) await subject.updater.add(one, signal);
      expect(await values()).toEqual([a.value, b.value]);
      await subject.updater.remove(a, signal);
      expect([await values(), await values(other.name)]).toEqual([[b.value], [other.value]]);
    });

    test("ends when it is told to stop, and changes nothing then", async () => {
      await expect(subject.updater.add(a, AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
      expect(await values()).toEqual([]);
    });
  });
};
