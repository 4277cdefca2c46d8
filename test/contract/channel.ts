// What every channel of a notification keeps to, whatever it is told and whatever the other end does (src/notify/channel.ts).
import { expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { Cause, News } from "../../src/domain/news.ts";
import type { Channel, Report } from "../../src/notify/channel.ts";

export interface ChannelUnderTest {
  readonly channel: Channel;
  /** All that arrived, as it arrived. */
  readonly received: () => Promise<readonly string[]>;
}

export interface ChannelContract {
  readonly name: string;
  readonly works: () => Promise<ChannelUnderTest>;
  /** Others that cannot be told: each must say so. */
  readonly broken: Readonly<Record<string, () => Promise<Channel>>>;
  /** Texts of the settings that are never to be said. */
  readonly secrets: readonly string[];
  /** One that never ends by itself, where there can be one. */
  readonly silent?: () => Promise<Channel>;
}

const cause: Cause = {
  check: "renew-failed",
  certificate: "mail.example.org",
  entry: "",
  severity: "fault",
  message: "mail.example.org: the CA said no",
  hint: "mailcert status",
  since: "2026-11-20T12:00:00.000Z",
};

/** What a CA, a server's log or a hook could say. */
const hostile =
  'no\r\nBcc: victim@example.com\r\n\r\nevil\u0000\u001b[31m"} 1\n.\nX-Evil: 1\\ "quoted" \u202e -----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----';

export const aReport = (news: readonly News[] = [{ kind: "new", cause }], over: Partial<Report> = {}): Report => ({
  host: "mail.example.org",
  run: "20261120T120000-1",
  at: new Date("2026-11-20T12:00:00Z"),
  outcome: "fault",
  lastRun: "2026-11-20T12:00:00.000Z",
  lastSuccess: "2026-11-20T11:00:00.000Z",
  news,
  open: { faults: 1, warnings: 2 },
  certificates: [
    { name: "mail.example.org", notAfter: "2026-12-20T12:00:00.000Z", stage: "verified", faults: 1, warnings: 2 },
    { name: "mx.example.org", stage: "none", faults: 0, warnings: 0 },
  ],
  ...over,
});

const never = new AbortController().signal;

export const hostileReport = (): Report =>
  aReport([{ kind: "new", cause: { ...cause, message: hostile, hint: hostile } }], {
    certificates: [
      { name: 'a"b\\c\nd', notAfter: "2026-12-20T12:00:00.000Z", stage: "verified", faults: 1, warnings: 0 },
    ],
  });

export const channelContract = ({ name, works, broken, secrets, silent }: ChannelContract): void => {
  it("tells, once for each time", async () => {
    const { channel, received } = await works();
    await channel.send(aReport(), never);
    expect(await received()).toHaveLength(1);
    if (channel.hears === "news") expect((await received()).join()).toContain("the CA said no");
    for (const secret of secrets) expect(channel.target).not.toContain(secret);
  });

  it("lets no text be anything but text, and tells no key", async () => {
    const { channel, received } = await works();
    await channel.send(hostileReport(), never);
    const all = (await received()).join("\n");
    expect(all).not.toMatch(/^(Bcc|X-Evil):/im);
    expect(all).not.toContain("MIGHAgEAMBMGByqGSM49");
    expect(all).not.toMatch(/[\u0000\u001b\u202e]/);
    expect(all.split(/\r?\n/)).not.toContain(".");
  });

  it.each(Object.entries(broken))("says where, and no secret, when it cannot: %s", async (_title, make) => {
    const channel = await make();
    const failure: unknown = await channel.send(aReport(), never).catch((error: unknown) => error);
    if (!(failure instanceof Failure)) throw new Error(`not a Failure: ${String(failure)}`);
    expect(failure.message).toContain(name);
    const said = JSON.stringify([failure.message, failure.hints, failure.facts]);
    for (const secret of secrets) expect(said).not.toContain(secret);
  });

  if (silent)
    it("ends when the run is stopped", async () => {
      const stop = new AbortController();
      const channel = await silent();
      const sent = channel.send(aReport(), stop.signal);
      stop.abort();
      await expect(sent).rejects.toBeInstanceOf(Failure);
    });
};
