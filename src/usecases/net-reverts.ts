// What taking changes back comes to: where one setting was changed twice, the second step back is the word that counts.
import type { Change } from "../servers/server.ts";
import { placeOfChange, valueOfChange } from "./changes-in-force.ts";

/** Adds a sentence to a list, in the place of what it said of the same setting of the same installation before. Lines are told one by one: numbers of lines move. */
export type TellRevert = (list: string[], installation: string, change: Change, sentence: string) => void;

export const netReverts = (): TellRevert => {
  const last = new Map<string, string>();
  return (list, installation, change, sentence) => {
    const text = `${installation}: ${sentence}`;
    const place = `${installation} ${placeOfChange(change)}`;
    const earlier = change.kind === "line" ? -1 : list.indexOf(last.get(place) ?? "");
    if (earlier >= 0) list.splice(earlier, 1);
    last.set(place, text);
    list.push(text);
  };
};

const squeezed = (value: string | undefined): string | undefined => value?.trim().replace(/[\s,]+/g, " ");

const beforeOf = (change: Change): string | undefined =>
  change.kind === "copies" || (change.kind === "service-parameter" && change.beforeIsOurs) ? undefined : change.before;

/** Asked of every change that is taken back, newest first: whether a newer one puts back what somebody had set over this one, which then stays. Lists and lines have no one value. */
export const cover = (): ((installation: string, change: Change) => boolean) => {
  const back = new Map<string, string | undefined>();
  return (installation, change) => {
    if (change.kind === "line" || change.kind === "copies" || ("shared" in change && change.shared)) return false;
    const place = `${installation} ${placeOfChange(change)}`;
    if (back.has(place) && squeezed(back.get(place)) !== squeezed(valueOfChange(change))) return true;
    back.set(place, beforeOf(change));
    return false;
  };
};
