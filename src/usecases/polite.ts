// Manners towards servers, for a whole run: few connections at once to an address and to a port of it, no second try where one said "later",
// and a greet delay that is measured once.
import type { Observation } from "../domain/observation.ts";
import type { Left } from "../probe/probe.ts";

export interface PoliteLimits {
  /** Connections at once, to everybody together. */
  readonly connections: number;
  /** To one address: all usual entry points of a host at once. */
  readonly perAddress?: number;
  /** To one port of an address, where many names lead to one machine. */
  readonly perPort?: number;
}

export interface Polite {
  /** Runs `work` when it is its turn: in order of arrival, save that one who waits for a busy address holds nobody else up. */
  turn<Result>(address: string, port: number, work: (left: Left) => Promise<Result>): Promise<Result>;
  /** Keeps what an observation tells about manners. */
  note(observation: Observation): void;
  /** What a server that asked to come later said; nothing is asked of it again in this run. */
  later(address: string, port: number): Observation["error"];
  /** The budget of one more look: what the greeting took, and ten seconds; never more than `usual`. */
  budget(address: string, port: number, usual: number): number;
}

/** Servers allow 50 and more from one address (Postfix: smtpd_client_connection_count_limit); some hosters far fewer. */
const usualPerAddress = 8;
const usualPerPort = 2;

/** Places whose greet delay is kept: a place is asked again soon, or not at all. */
const mostDelays = 1000;

/** For everything behind the greeting. */
const afterGreetingMs = 10_000;

interface Waiting {
  readonly address: string;
  readonly place: string;
  readonly start: () => void;
}

export const createPolite = ({
  connections,
  perAddress = usualPerAddress,
  perPort = usualPerPort,
}: PoliteLimits): Polite => {
  let open = 0;
  const busy = new Map<string, number>();
  const waiting: Waiting[] = [];
  const refusals = new Map<string, NonNullable<Observation["error"]>>();
  const delays = new Map<string, number>();
  const placeOf = (address: string, port: number): string => `${address} ${port}`;
  const count = (key: string): number => busy.get(key) ?? 0;

  const add = (key: string, by: 1 | -1): void => {
    const next = count(key) + by;
    if (next === 0) busy.delete(key);
    else busy.set(key, next);
  };
  const next = (): void => {
    for (let index = 0; open < connections && index < waiting.length;) {
      const one = waiting[index] as Waiting;
      if (count(one.address) >= perAddress || count(one.place) >= perPort) {
        index += 1;
        continue;
      }
      waiting.splice(index, 1);
      open += 1;
      add(one.address, 1);
      add(one.place, 1);
      one.start();
    }
  };

  return {
    turn: async (address, port, work) => {
      const place = placeOf(address, port);
      // What is waited for may be a closing connection, which keeps no process alive.
      const alive = setInterval(() => undefined, 60_000);
      await new Promise<void>((start) => {
        waiting.push({ address, place, start });
        next();
      });
      clearInterval(alive);
      // Over for us, and not yet for the server: the place is taken until they are closed.
      const held: Promise<void>[] = [];
      const release = (): void => {
        open -= 1;
        add(address, -1);
        add(place, -1);
        next();
      };
      try {
        return await work((closed) => void held.push(closed));
      } finally {
        if (held.length === 0) release();
        else void Promise.all(held).then(release);
      }
    },
    note: ({ address, entry, error, greetingMs }) => {
      if (address === undefined) return;
      const place = placeOf(address, entry.port);
      if (error?.reason === "temporary") refusals.set(place, error);
      if (greetingMs === undefined) return;
      const longest = Math.max(greetingMs, delays.get(place) ?? 0);
      // The oldest goes; one that was just asked is the youngest.
      delays.delete(place);
      const [oldest] = delays.keys();
      if (delays.size >= mostDelays && oldest !== undefined) delays.delete(oldest);
      delays.set(place, longest);
    },
    later: (address, port) => refusals.get(placeOf(address, port)),
    budget: (address, port, usual) => {
      const delay = delays.get(placeOf(address, port));
      return delay === undefined ? usual : Math.min(usual, delay + afterGreetingMs);
    },
  };
};
