// A run that cannot begin because another one has held the lock for hours: a fault, told without the lock, since nobody else will.
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import type { RenewResult } from "./renew.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** The lock is held for longer than any run should take (`facts.heldSince`). Undefined: somebody is at work, and that is all. */
const stuckFinding = ({ kind, message, hints, facts }: Failure, now: Date): Finding | undefined => {
  const since = facts?.["heldSince"];
  if (kind !== "try-later" || typeof since !== "string") return undefined;
  const hours = Math.floor((now.getTime() - Date.parse(since)) / 3_600_000);
  return {
    check: "renew-stuck",
    severity: "fault",
    message: `no run could begin for ${hours} hours${message.includes(since) ? "" : `, since ${utcMinute(since)}`}: ${message}`,
    hint: hints.join("; "),
  };
};

/** What a run that could not begin comes to; undefined: what ended it was something else. A configuration that cannot be read is the holder's to tell. */
export const stuckResult = async (world: World, failure: unknown): Promise<RenewResult | undefined> => {
  const stuck = failure instanceof Failure ? stuckFinding(failure, world.now()) : undefined;
  if (stuck === undefined) return undefined;
  const config = await unlessFailure(() => world.config.read());
  const notify = config instanceof Failure ? undefined : config?.notify;
  const { findings, ...told } =
    config instanceof Failure || !config || !notify
      ? { findings: [] }
      : await (await import("./notify.ts")).toldOfStuck(world, { ...config, notify }, stuck);
  return { certificates: [], findings: [stuck, ...findings], outcome: "fault", ...told };
};
