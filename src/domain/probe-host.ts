// A wildcard is no host: a name below it that is asked for in its stead, and the way back for people.

const label = "mailcert-check";

/** `*.example.org` -> `mailcert-check.example.org`; every other name as it is. */
export const probeHost = (name: string): string => name.replace(/^\*\./, `${label}.`);

/** What was meant by a host that was asked for: `mailcert-check.example.org` -> `*.example.org`. */
export const askedName = (host: string): string =>
  host.startsWith(`${label}.`) ? `*${host.slice(label.length)}` : host;
