// Gives one `-o` of a service in the text of master.cf another value, in its place, so that taking it back gives the very same bytes.

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Indexes of the lines of an entry, continuation lines included (master(5)). */
const linesOf = (lines: readonly string[], service: string): readonly number[] => {
  const slash = service.lastIndexOf("/");
  const [name, type] = [service.slice(0, slash), service.slice(slash + 1)];
  const found: number[] = [];
  let inside = false;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "" || /^\s*#/.test(line)) continue;
    if (!/^\s/.test(line)) {
      const fields = line.split(/\s+/);
      inside = fields[0] === name && fields[1] === type;
    }
    if (inside) found.push(index);
  }
  return found;
};

/** undefined: it does not stand there just once as `-o name=from`, or on one line as `-o { name = from }`, and postconf has to edit the entry. */
export const replaceOption = (
  text: string,
  service: string,
  parameter: string,
  from: string | undefined,
  to: string | undefined,
): string | undefined => {
  // An empty value has another form.
  if (!from || !to) return undefined;
  const lines = text.split("\n");
  const any = new RegExp(`(?<=\\s)-o\\s*\\{?\\s*${escaped(parameter)}\\s*=`, "g");
  const bare = new RegExp(`((?<=\\s)-o\\s*${escaped(parameter)}=)${escaped(from)}(?=\\s|$)`);
  const braced = new RegExp(
    `((?<=\\s)-o\\s*\\{\\s*${escaped(parameter)}\\s*=\\s*)${escaped(from)}(?=\\s*\\}(?:\\s|$))`,
  );
  const entry = linesOf(lines, service);
  if (entry.reduce((count, index) => count + (lines[index]?.match(any)?.length ?? 0), 0) !== 1) return undefined;
  // White space in a value is only ever inside braces.
  const form = /\s/.test(from + to) ? [braced] : [bare, braced];
  const exact = form.find((one) => entry.some((index) => one.test(lines[index] ?? "")));
  const place = entry.find((index) => exact?.test(lines[index] ?? ""));
  if (place === undefined || !exact) return undefined;
  lines[place] = (lines[place] ?? "").replace(exact, (_all, before: string) => before + to);
  return lines.join("\n");
};
