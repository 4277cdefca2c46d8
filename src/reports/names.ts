// Host names for people: an international one as it is written, with its A-label behind it, which is what settings and DNS hold.
import { displayName } from "../domain/names.ts";

/** `bücher.example.org (xn--bcher-kva.example.org)` */
export const nameForPeople = (name: string): string => {
  const shown = displayName(name);
  return shown === name ? name : `${shown} (${name})`;
};

export const namesForPeople = (names: readonly string[]): string => names.map(nameForPeople).join(", ");
