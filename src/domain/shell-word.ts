// A word as a shell reads it back: for commands that people are told to run.

/** As it is where that is safe, else in single quotes: `*.example.org` -> `'*.example.org'`. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
