// Sends a test through every channel that the configuration names, so that an admin sees that it arrives. Remembers nothing.
import type { Config } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { type ChannelName, channelsOf } from "../domain/notify-settings.ts";
import type { Report } from "../notify/channel.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

export interface ChannelTried {
  readonly channel: ChannelName;
  /** Where it goes, without what is secret of it. */
  readonly target: string;
  /** Absent: it was sent, or, in a dry run, it would be. */
  readonly failure?: Failure;
}

export interface NotifyTest {
  readonly dryRun: boolean;
  readonly channels: readonly ChannelTried[];
}

/** What a file and a health check get is as real as at any run: nothing else would be a test of them. */
export const notifyTest = async (
  world: World,
  { notify, certificates }: Config,
  dryRun: boolean,
): Promise<NotifyTest> => {
  if (!notify || channelsOf(notify).length === 0)
    throw new Failure("config", `${world.config.path} names nobody who is to be told`, {
      hints: ["for example:  notify: { mail: postmaster@example.org }  (docs/notifications.md)"],
    });
  const tools = await world.notifying();
  const { causes, lastRun, lastSuccess } = await tools.memory.read();
  const open = Object.values(causes);
  const of = (severity: string, name?: string): number =>
    open.filter((one) => one.severity === severity && (name === undefined || one.certificate === name)).length;
  const faults = of("fault");
  const report: Report = {
    host: tools.hostName,
    run: world.run,
    at: world.now(),
    outcome: faults > 0 ? "fault" : "done",
    ...(lastRun === undefined ? {} : { lastRun }),
    ...(lastSuccess === undefined ? {} : { lastSuccess }),
    news: [],
    open: { faults, warnings: of("warning") },
    test: true,
    certificates: certificates.map(({ name }) => {
      const state = readableState(world, name);
      const live = state && liveGeneration(world, name, state);
      return {
        name,
        ...(live === undefined ? {} : { notAfter: live.notAfter }),
        stage: state?.stage ?? "none",
        faults: of("fault", name),
        warnings: of("warning", name),
      };
    }),
  };
  const channels: ChannelTried[] = [];
  for (const { name, channel } of await tools.open(notify)) {
    const tried = dryRun ? undefined : await unlessFailure(() => channel.send(report, world.signal));
    channels.push({ channel: name, target: channel.target, ...(tried instanceof Failure ? { failure: tried } : {}) });
  }
  return { dryRun, channels };
};
