// What notifications need of the outside world: the channels as they are configured, what was told before, this host's name.
import type { Causes, Told } from "../domain/news.ts";
import type { ChannelName, NotifySettings } from "../domain/notify-settings.ts";
import type { Channel } from "../notify/channel.ts";

/** What is remembered between runs (notified.json). */
export interface Memory {
  /** What is open. */
  readonly causes: Causes;
  /** By channel and key. */
  readonly told: Readonly<Record<string, Readonly<Record<string, Told>>>>;
  /** ISO dates. */
  readonly lastRun?: string;
  readonly lastSuccess?: string;
  /** `NotifyTools.invocation` of the last run, where somebody has heard of all that it left open: systemd need not mail root. */
  readonly heard?: string;
}

export interface NotifyTools {
  readonly hostName: string;
  /** What systemd calls this start of the unit ($INVOCATION_ID); absent: it started no unit. */
  readonly invocation?: string;
  /** In the order in which they are told. */
  readonly open: (
    settings: NotifySettings,
  ) => Promise<readonly { readonly name: ChannelName; readonly channel: Channel }[]>;
  readonly memory: { read(): Promise<Memory>; write(memory: Memory): Promise<void> };
}
