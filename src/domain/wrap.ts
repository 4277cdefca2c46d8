// Text for people in lines of a given width, with a hanging indent; a word that is longer stays whole, and no line ends at a no-break space.

/** Columns of what is written for people, at a terminal or not: what a plain one has (a log, a mail, a note about the run). */
export const textWidth = 80;

/** Between backticks, or behind a colon until the clause ends. */
const command =
  /`[^`\n]{1,600}`|(?<=: )(?:mailcert|systemctl|journalctl|postconf|postfix|doveadm|doveconf|dovecot|apt|chmod|chown|mount|rm|mv|cp) [^;,()\n]{1,200}/g;

/** Commands and records are there to be pasted: half of one, or one with a line break in it, does something else. */
const whole = (text: string): string =>
  text.replaceAll(command, (found) => found.trimEnd().replaceAll(" ", "\u00a0") + (found.endsWith(" ") ? " " : ""));

/** `first` stands before the first line, `rest` before the others. */
export const wrap = (text: string, width: number, first = "", rest = first): string => {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of whole(text)
    .split(/[ \n\t]+/)
    .filter((word) => word !== "")) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line].join("\n").replaceAll("\u00a0", " ");
};

/** How a line begins that says something: with its grade, or with an arrow or a dash, behind which its other lines stand. */
const graded = /^( *)(?:mailcert: )?(?:fault|warning|info|note|error|hint): /;
const listed = /^ *(?:->|-) /;

/** `text` with such lines in `width` columns; all others (tables, records, settings) are there to be read or pasted as they are. */
export const fold = (text: string, width: number): string =>
  text
    .split("\n")
    .map((line) => {
      const grade = graded.exec(line);
      const begin = (grade ?? listed.exec(line))?.[0];
      if (begin === undefined || line.length <= width) return line;
      const rest = " ".repeat(grade === null ? begin.length : (grade[1] ?? "").length + 2);
      return wrap(line.slice(begin.length), width, begin, rest);
    })
    .join("\n");
