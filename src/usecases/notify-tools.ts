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
}

export interface NotifyTools {
  readonly hostName: string;
  /** In the order in which they are told. */
  readonly open: (
    settings: NotifySettings,
  ) => Promise<readonly { readonly name: ChannelName; readonly channel: Channel }[]>;
  readonly memory: { read(): Promise<Memory>; write(memory: Memory): Promise<void> };
}
