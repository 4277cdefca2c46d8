// A host has one schedule: whose certificates it renews where that is another configuration, and what a person can do then.
import { shellWord } from "./shell-word.ts";

/** What `renew` is given: absolute paths. */
export interface SchedulePlaces {
  readonly config: string;
  readonly state: string;
}

const named = ({ config, state }: SchedulePlaces): string => `${config} (state folder ${state})`;

/** Why nothing renews by these files, although a schedule is there. */
export const otherScheduleProblem = (theirs: SchedulePlaces): string =>
  `the schedule of this host is that of ${named(theirs)}, and renews nothing else`;

/** Why none is written. */
export const otherScheduleRefusal = (theirs: SchedulePlaces): string =>
  `the schedule of this host is that of ${named(theirs)}: another in its place would end its renewals`;

/** The ways out, the one that loses nothing first. */
export const otherScheduleHints = ({ config, state }: SchedulePlaces): readonly string[] => {
  const there = `mailcert --config ${shellWord(config)} --state ${shellWord(state)}`;
  return [
    `one schedule renews all: have these certificates there, too: ${there} setup NAME`,
    `to give that one up: ${there} schedule remove, then this command again`,
    "for servers that are none of its: mailcert setup --schedule none, and start `mailcert renew --quiet` every hour by other means",
  ];
};

const written = /--config (?<config>"[^"]*"|'[^']*'|\S+) --state (?<state>"[^"]*"|'[^']*'|\S+)/;

/** What a run with these arguments is given. */
export const placesGiven = (args: readonly string[]): SchedulePlaces | undefined => {
  const after = (option: string): string | undefined => args.find((_, index) => args[index - 1] === option);
  const [config, state] = [after("--config"), after("--state")];
  return config === undefined || state === undefined ? undefined : { config, state };
};

/** The places that a unit or a line for cron names, as their templates write them; undefined: none. */
export const placesWritten = (text: string): SchedulePlaces | undefined => {
  const { config, state } = written.exec(text)?.groups ?? {};
  const plain = (word: string): string => word.replaceAll(/^["']|["']$/g, "");
  return config === undefined || state === undefined ? undefined : { config: plain(config), state: plain(state) };
};
