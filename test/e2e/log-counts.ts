// What a server's log has of something, once all of it is there: lines come a moment after what they tell of.
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";

const restMs = 1_000;

const mostLooks = 60;

/** The count, when it has been the same for a second. */
export const countAtRest = async (count: () => Promise<number>): Promise<number> => {
  for (let last = await count(), looks = 0; looks < mostLooks; looks += 1) {
    await setTimeout(restMs);
    const now = await count();
    if (now === last) return now;
    last = now;
  }
  throw new Error("the log grows and grows");
};

/** How often Dovecot and Postfix were told to read their settings again, as they log it: that often, and no more a second later. */
export const expectReloads = async (host: MailHost, ...times: readonly [number, number]): Promise<void> => {
  const logged = async (): Promise<readonly number[]> => {
    const log = await host.log();
    return [/dovecot: master: Warning: SIGHUP received/g, /postfix\/master\[\d+\]: reload --/g].map(
      (line) => log.match(line)?.length ?? 0,
    );
  };
  await expect.poll(logged, { timeout: 10_000 }).toEqual(times);
  await setTimeout(restMs);
  expect(await logged()).toEqual(times);
};
