// Edits the text of main.cf so that taking an edit back gives the very same bytes. postconf -e and -X lose places and comments;
// what the edited text means is asked of postconf before it is installed (install.ts).
import { appendLine } from "../edits.ts";
import { behindMarker, switchedOff } from "../marker.ts";

/** One assignment: its first line and the lines that continue it (postconf(5): they start with white space; comments may stand between). */
interface Assignment {
  readonly lines: readonly number[];
  readonly value: string;
}

const squeeze = (text: string): string => text.trim().replace(/\s+/g, " ");

const assignments = (lines: readonly (string | undefined)[], name: string): readonly Assignment[] => {
  const found: { lines: number[]; value: string }[] = [];
  let current: { lines: number[]; value: string } | undefined;
  for (const [index, line] of lines.entries()) {
    if (line === undefined || line.trim() === "" || line.startsWith("#")) continue;
    if (/^\s/.test(line)) {
      current?.lines.push(index);
      if (current) current.value += ` ${line}`;
      continue;
    }
    const [key = "", ...rest] = line.split("=");
    current = key.trim() === name && rest.length > 0 ? { lines: [index], value: rest.join("=") } : undefined;
    if (current) found.push(current);
  }
  return found.map((one) => ({ lines: one.lines, value: squeeze(one.value) }));
};

/** Assignments behind our marker, as if they were active. */
const switchedOffAssignments = (lines: readonly string[], name: string): readonly Assignment[] =>
  assignments(lines.map(behindMarker), name);

/**
 * Sets a parameter, or takes it out (`value` undefined). What stood there is commented out in its place, not deleted;
 * of several assignments only the last one counts, so that the earlier ones are left alone when a value is set.
 */
export const setParameter = (text: string, name: string, value: string | undefined): string => {
  const lines = text.split("\n");
  const active = assignments(lines, name);
  for (const one of value === undefined ? active : active.slice(-1)) {
    for (const index of one.lines) lines[index] = switchedOff(lines[index] ?? "");
  }
  if (value === undefined) return lines.join("\n");
  const last = active.at(-1)?.lines.at(-1);
  const line = `${name} = ${value}`;
  if (last === undefined) appendLine(lines, line);
  else lines.splice(last + 1, 0, line);
  return lines.join("\n");
};

/** Takes `setParameter(text, name, after)` back: `before` is the value to be found again, undefined for none. */
export const restoreParameter = (
  text: string,
  name: string,
  before: string | undefined,
  after: string | undefined,
): string => {
  const lines = text.split("\n");
  const off = switchedOffAssignments(lines, name);
  const back =
    before === undefined
      ? []
      : after === undefined
        ? off
        : off.filter((one) => one.value === squeeze(before)).slice(-1);
  for (const one of back) for (const index of one.lines) lines[index] = behindMarker(lines[index] ?? "") ?? "";
  // Ours is the line that setParameter wrote; a value that a person wrote over several lines is not.
  if (after !== undefined) {
    const ours = lines.lastIndexOf(`${name} = ${after}`);
    if (ours >= 0) lines.splice(ours, 1);
  }
  const restored = lines.join("\n");
  const value = assignments(lines, name).at(-1)?.value;
  if (before === undefined ? value === undefined : value === squeeze(before)) return restored;
  // Somebody tidied our comments away: the value comes back all the same, at the end.
  return setParameter(restored, name, before);
};
