// Text for people in lines of a given width, with a hanging indent; a word that is longer stays whole, and no line ends at a no-break space.

/** Commands and records are there to be pasted: half of one, or one with a line break in it, does something else. */
const whole = (text: string): string =>
  text.replaceAll(/`[^`\n]{1,600}`/g, (command) => command.replaceAll(" ", "\u00a0"));

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
