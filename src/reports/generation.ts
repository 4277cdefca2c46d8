// A generation in one line: number, issuer, keys, until when.
import type { GenerationRecord } from "../store/store.ts";
import { day, timeLeft } from "./dates.ts";

const authority = ({ issuer, authority: name }: GenerationRecord): string =>
  issuer === "acme" ? `acme (${name})` : issuer;

export const generationLine = (generation: GenerationRecord, now: Date): string => {
  const until = new Date(generation.notAfter);
  const keys = Object.values(generation.leaves)
    .map((leaf) => leaf.algorithm)
    .join(" + ");
  return `generation ${generation.number}, ${keys}, by ${authority(generation)}, until ${day(until)} (${timeLeft(now, until)})`;
};
