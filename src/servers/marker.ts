// How a line of somebody else's file is switched off and on again: commented out behind a marker, never deleted.

const marker = "# mailcert: ";

/** The line as a comment that says who wrote it; `mark`: one of its own (line-mark.ts), by which it is found again. */
export const switchedOff = (line: string, mark?: string): string =>
  mark === undefined ? `${marker}${line}` : `# ${mark}: ${line}`;

/** The line behind the marker, or undefined where this is not one of ours. */
export const behindMarker = (line: string): string | undefined =>
  line.startsWith(marker) ? line.slice(marker.length) : undefined;
