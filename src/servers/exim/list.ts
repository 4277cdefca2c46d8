// Exim's lists: items between colons, or between the sign that `<` names first; a doubled separator stands for itself.

/** The items of a list, trimmed, empty ones left out: `25 : 465`, `<; 127.0.0.1 ; ::1`, `::::1` (one item, `::1`). */
export const listItems = (text: string): readonly string[] => {
  const named = /^\s*<([^\w\s])(.*)$/s.exec(text);
  const separator = named?.[1] ?? ":";
  const items: string[] = [""];
  const rest = named?.[2] ?? text;
  for (let index = 0; index < rest.length; index += 1) {
    const sign = rest[index] ?? "";
    if (sign === separator && rest[index + 1] !== separator) items.push("");
    else {
      items[items.length - 1] += sign;
      if (sign === separator) index += 1;
    }
  }
  return items.map((item) => item.trim()).filter((item) => item !== "");
};
