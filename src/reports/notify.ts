// What a test of the notifications came to: a line for each channel, and its JSON twin.
import type { ChannelTried, NotifyTest } from "../usecases/notify-test.ts";
import { table } from "./table.ts";

const arrives: Readonly<Record<ChannelTried["channel"], string>> = {
  mail: "handed to this host's sendmail; look into the mailbox, and into the mail log where it does not come",
  webhook: "taken",
  ping: "taken as the news of a run",
  prometheus: "written",
};

const wordOf = ({ channel, failure }: ChannelTried, dryRun: boolean): string =>
  failure ? `FAILED: ${failure.message}` : dryRun ? "would be told" : arrives[channel];

export const notifyTestText = ({ channels, dryRun }: NotifyTest): string => {
  const rows = channels.map((one) => [one.channel, one.target, wordOf(one, dryRun)]);
  const hints = channels.flatMap(({ channel, failure }) =>
    (failure?.hints ?? []).map((hint) => `  -> ${channel}: ${hint}`),
  );
  return [table(rows), ...hints].join("\n");
};

export const notifyDocument = ({ channels, dryRun }: NotifyTest): object => ({
  schema: "mailcert.notify/1",
  ok: channels.every(({ failure }) => failure === undefined),
  dryRun,
  channels: channels.map(({ channel, target, failure }) => ({
    channel,
    target,
    ok: failure === undefined,
    ...(failure ? { error: { kind: failure.kind, message: failure.message, hints: failure.hints } } : {}),
  })),
});
