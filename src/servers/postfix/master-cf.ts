// Adds one `-o` to a service in the text of master.cf, and takes it out again, byte for byte. `postconf -P` would reformat the whole entry.

/** Index of the last line of an entry (master(5): lines that start with white space continue it; comments may stand between), or -1. */
const lastLineOf = (lines: readonly string[], service: string): number => {
  const [name, type] = splitService(service);
  let inside = false;
  let last = -1;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    if (!/^\s/.test(line)) {
      if (inside) return last;
      const fields = line.split(/\s+/);
      inside = fields[0] === name && fields[1] === type;
    }
    if (inside) last = index;
  }
  return last;
};

/** `127.0.0.1:10025/inet`: the name may hold slashes, the type never does. */
const splitService = (service: string): readonly [name: string, type: string] => {
  const slash = service.lastIndexOf("/");
  return [service.slice(0, slash), service.slice(slash + 1)];
};

const optionLine = (parameter: string, value: string): string => `  -o ${parameter}=${value}`;

/** undefined: there is no such service. */
export const addOption = (text: string, service: string, parameter: string, value: string): string | undefined => {
  const lines = text.split("\n");
  const last = lastLineOf(lines, service);
  if (last < 0) return undefined;
  lines.splice(last + 1, 0, optionLine(parameter, value));
  return lines.join("\n");
};

/** undefined: the line that `addOption` writes is not there. */
export const removeOption = (text: string, service: string, parameter: string, value: string): string | undefined => {
  const lines = text.split("\n");
  const [name, type] = splitService(service);
  let inside = false;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    if (!/^\s/.test(line)) {
      const fields = line.split(/\s+/);
      inside = fields[0] === name && fields[1] === type;
    } else if (inside && line === optionLine(parameter, value)) {
      lines.splice(index, 1);
      return lines.join("\n");
    }
  }
  return undefined;
};
