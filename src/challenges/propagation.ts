// Waits until every authoritative name server shows a TXT value: a CA may ask any of them, so none may still have the old answer.
import type { Authoritative, Everywhere } from "../dns/authoritative.ts";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import type { ChallengeDeps } from "./challenge.ts";

export type Shown = Everywhere<"TXT">;
type Reply = Shown["replies"][number];
export type Matches = (values: readonly string[]) => boolean;

/** The values of a TXT answer, each put together from its character-strings. */
export const valuesOf = (reply: Reply): readonly string[] =>
  reply.kind === "failed"
    ? []
    : reply.records.map(({ data }) => Buffer.concat([data].flat().map((part) => Buffer.from(part))).toString("utf8"));

export const nameOf = ({ server, address }: Reply): string =>
  address === undefined ? clean(server, 100) : `${clean(server, 100)} (${address})`;

/** One round at one server; a dead one costs no more than this, and the last look of a wait gets its chance too. */
const roundMs = 5_000;
const shortestRoundMs = 2_000;
const firstPauseMs = 200;
const longestPauseMs = 5_000;
/** A server that says nothing for so long is taken for dead: a CA's resolver passes it over too. */
const silentMs = 15_000;

export const askTxt = (authority: Authoritative, name: string, signal: AbortSignal, ms = roundMs) =>
  authority.askAll(name, "TXT", { timeoutMs: Math.max(shortestRoundMs, Math.min(roundMs, ms)), signal });

export interface PropagationOptions {
  readonly authority: Authoritative;
  readonly name: string;
  readonly matches: Matches;
  /** Milliseconds for the whole wait. */
  readonly withinMs: number;
  readonly deps: Pick<ChallengeDeps, "sleep" | "elapsed" | "step">;
  readonly signal: AbortSignal;
}

const tooLate = (name: string, withinMs: number, why: string, lacking: readonly string[]): Failure =>
  new Failure("unavailable", `${name} is not seen everywhere after ${Math.round(withinMs / 1000)} seconds: ${why}`, {
    hints: [
      "look at how the secondary servers learn of a change (NOTIFY, zone transfer): the CA may ask any of them",
      "a provider that is slow: give it more time with propagation_timeout: SECONDS in the updater's settings file",
    ],
    facts: { code: "NOT_PROPAGATED", name, lacking },
  });

/** @throws Failure that names the servers which do not show the value in time. */
export const waitEverywhere = async (o: PropagationOptions): Promise<void> => {
  const { authority, name, matches, withinMs, deps, signal } = o;
  const started = deps.elapsed();
  const spent = (): number => deps.elapsed() - started;
  const showing = new Set<string>();
  let pause = firstPauseMs;
  let told = "";
  for (;;) {
    const said = await askTxt(authority, name, signal, withinMs - spent());
    signal.throwIfAborted();
    let why: string;
    let lacking: readonly string[] = [];
    if (said.kind === "unknown") why = said.why;
    else {
      for (const reply of said.replies) if (matches(valuesOf(reply))) showing.add(nameOf(reply));
      const open = said.replies.filter((reply) => !showing.has(nameOf(reply)));
      const silent = open.filter((reply) => reply.kind === "failed" && !reply.noWay);
      lacking = open.filter((reply) => reply.kind === "answered").map(nameOf);
      const dead = silent.map((reply) => `${nameOf(reply)}: ${reply.kind === "failed" ? reply.why : ""}`);
      if (lacking.length === 0 && showing.size > 0 && (dead.length === 0 || spent() >= Math.min(silentMs, withinMs))) {
        if (dead.length > 0) deps.step(`${name}: going on without ${dead.join("; ")}`);
        deps.step(
          `${name}: seen at ${showing.size} ${showing.size === 1 ? "address" : "addresses"} of its name servers`,
        );
        return;
      }
      why = [
        ...(lacking.length === 0 ? [] : [`not yet at ${lacking.join(", ")}`]),
        ...(dead.length === 0 ? [] : [dead.join("; ")]),
        ...(open.length > 0 && lacking.length + dead.length === 0
          ? ["this host reaches none of its name servers"]
          : []),
      ].join("; ");
    }
    if (spent() + pause >= withinMs) throw tooLate(name, withinMs, why, lacking);
    if (why !== told) deps.step(`${name}: waiting: ${why}`);
    told = why;
    await deps.sleep(pause, signal);
    signal.throwIfAborted();
    pause = Math.min(pause * 1.6, longestPauseMs);
  }
};
