// What taking changes back comes to: where one setting was changed twice, the second step back is the word that counts.
import type { Change } from "../servers/server.ts";
import { placeOfChange } from "./changes-in-force.ts";

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
