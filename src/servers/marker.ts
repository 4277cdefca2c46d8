// How a line of somebody else's file is switched off and on again: commented out behind a marker, never deleted.

const marker = "# mailcert: ";

/** The line as a comment that says who wrote it. */
export const switchedOff = (line: string): string => `${marker}${line}`;

/** The line behind the marker, or undefined where this is not one of ours. */
export const behindMarker = (line: string): string | undefined =>
  line.startsWith(marker) ? line.slice(marker.length) : undefined;
