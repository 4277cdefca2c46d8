// What makes nginx serve a certificate: a file of ours with its lines, and one `include` of it in place of the lines that stand there, after a yes.
import { join } from "node:path";
import { dnsNameMatches } from "../../domain/name-match.ts";
import { clean } from "../../domain/text.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import { modeOf } from "../edits.ts";
import { hostNames } from "../host-names.ts";
import { notAloneNote, otherPortsNote } from "../mail-ports.ts";
import { marksIn } from "../line-mark.ts";
import { switchedOff } from "../marker.ts";
import type { Change, LineReplacement, Override, ServedCertificate, ServerPlan } from "../server.ts";
import { type Found, isByName, isServed, portsOf } from "./listeners.ts";
import { type Directive, isBetweenWords } from "./parse.ts";
import type { NginxServer, NginxServers } from "./servers.ts";

const mode = 0o644;

export const ownFile = (configDir: string): string => join(configDir, "mailcert.conf");

/** ECDSA first; each client gets the one that it can use. */
const pairsOf = ({ slots }: ServedCertificate): readonly { readonly certificate: string; readonly key: string }[] =>
  [slots.ecdsa, slots.rsa].flatMap((slot) => (slot ? [{ certificate: slot.fullchain, key: slot.privkey }] : []));

/** The lines as text. `snippet`: with what a person has to know. */
export const certificateText = (
  render: RenderTemplate,
  certificate: ServedCertificate,
  snippet?: { readonly version: string },
): string =>
  render(
    "nginx.conf",
    {
      name: certificate.name,
      pairs: pairsOf(certificate),
      snippet: snippet ? { version: snippet.version, hosts: hostNames(certificate) } : false,
    },
    "nginx",
  );

const contentChange = async (path: string, content: string): Promise<readonly Change[]> => {
  const before = await readTextIfPresent(path);
  return before === content && (await modeOf(path)) === mode ? [] : [{ kind: "file", path, content, mode, before }];
};

const valuesOf = (certificates: readonly Directive[], name: string): string =>
  certificates.flatMap((one) => (one.name === name ? [one.args[0] ?? ""] : [])).join("\n");

const servesOurs = ({ certificates }: NginxServer, certificate: ServedCertificate): boolean => {
  const pairs = pairsOf(certificate);
  return (
    valuesOf(certificates, "ssl_certificate") === pairs.map((one) => one.certificate).join("\n") &&
    valuesOf(certificates, "ssl_certificate_key") === pairs.map((one) => one.key).join("\n")
  );
};

const isOurs = ({ certificates }: NginxServer, own: string): boolean =>
  certificates.length > 0 && certificates.every(({ path }) => path === own);

/** Servers of mail that end TLS, and have clients that this certificate is for: those that ask for another's names have lines of their own. */
const served = (ports: readonly Found[], { names }: ServedCertificate): readonly NginxServer[] => {
  const isOurs = (pattern: string): boolean =>
    names.some((name) => name === pattern || dnsNameMatches(pattern, name) || dnsNameMatches(name, pattern));
  const ours = ports.filter((one) => isServed(one) && (!isByName(one, ports) || one.server.names.some(isOurs)));
  return [...new Set(ours.map(({ server }) => server))];
};

export const planNginx = async (
  { servers, shared }: NginxServers,
  configDir: string,
  certificate: ServedCertificate,
  render: RenderTemplate,
): Promise<ServerPlan> => {
  const path = ownFile(configDir);
  const ports = portsOf(servers);
  const included = served(ports, certificate).some((server) => server.certificates.some((line) => line.path === path));
  const others = ports.filter(({ server, tls, protocol }) => server.kind === "stream" && tls && !protocol);
  const places = new Set(
    served(ports, certificate).flatMap(({ certificates }) => certificates.filter(shared).map((line) => line.path)),
  );
  const notAlone = [...places].map((file) =>
    notAloneNote(
      `nginx: ${file} holds for web servers, too: mailcert does not change it`,
      "give mail's servers lines of their own in its place (mailcert snippet nginx prints them), then: mailcert deploy",
    ),
  );
  return {
    changes: included ? await contentChange(path, certificateText(render, certificate)) : [],
    notes: [
      ...otherPortsNote(
        "nginx",
        others.map(({ port }) => port),
      ),
      ...notAlone,
    ],
  };
};

const textOf = async (path: string): Promise<string> => (await readTextIfPresent(path)) ?? "";

/** A part of a file's text, in place of which something else comes. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Whole lines with the parts replaced; a line that held nothing else than what goes is commented out. Each gets a mark.
 * undefined: a part, or a quoted word, goes over a line's end.
 */
const lineEdits = (path: string, text: string, parts: readonly Part[]): readonly LineReplacement[] | undefined => {
  const byLine = new Map<number, Part[]>();
  for (const part of parts) {
    if (text.slice(part.start, part.end).includes("\n")) return undefined;
    const line = text.slice(0, part.start).split("\n").length;
    byLine.set(line, [...(byLine.get(line) ?? []), part]);
  }
  const all = text.split("\n");
  const beginOf = (line: number): number => all.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  const marks = marksIn(path, text);
  const edits = [...byLine].map(([line, here]) => {
    const before = all[line - 1] ?? "";
    const begin = beginOf(line);
    let after = before;
    for (const { start, end, text: instead } of here.toSorted((a, b) => b.start - a.start))
      after = after.slice(0, start - begin) + instead + after.slice(end - begin);
    const mark = marks(line);
    return { line, before, after: /^\s*(#.*)?$/.test(after) ? switchedOff(before, mark) : `${after} # ${mark}` };
  });
  return edits.every(({ line, before }) => isBetweenWords(text, beginOf(line) + before.length)) ? edits : undefined;
};

const lineChange = (path: string, edits: readonly LineReplacement[]): readonly Change[] => {
  const [first, ...also] = edits.toSorted((a, b) => a.line - b.line);
  return first ? [{ kind: "line", path, ...first, ...(also.length > 0 ? { also } : {}) }] : [];
};

/** The lines of one block become one `include`, at the place of the first; where it is there already, they go. */
const instead = async (
  certificates: readonly Directive[],
  include: string,
  own: string,
): Promise<readonly Change[]> => {
  const lines = certificates.filter(({ path }) => path !== own);
  const included = lines.length < certificates.length;
  const [first] = lines;
  if (!first || lines.some(({ path }) => path !== first.path)) return [];
  const parts = lines.map(({ start, end }, index) => ({ start, end, text: index === 0 && !included ? include : "" }));
  return lineChange(first.path, lineEdits(first.path, await textOf(first.path), parts) ?? []);
};

/** For a server that inherits its lines from a block that is not for mail alone: lines of its own, behind its first `listen`. */
const added = async ({ listens }: NginxServer, include: string): Promise<readonly Change[]> => {
  const place = listens[0]?.directive;
  if (!place) return [];
  const part = { start: place.end, end: place.end, text: ` ${include}` };
  const edits = lineEdits(place.path, await textOf(place.path), [part]);
  return lineChange(place.path, edits ?? []);
};

const portWords = (ports: readonly Found[]): string => {
  const all = [...new Set(ports.map(({ port }) => port))];
  return `${all.length === 1 ? "port" : "ports"} ${all.join(", ")}`;
};

export const readBackNginx = async (
  { servers, shared }: NginxServers,
  configDir: string,
  certificate: ServedCertificate,
  render: RenderTemplate,
): Promise<readonly Override[]> => {
  const path = ownFile(configDir);
  const ports = portsOf(servers);
  const ofMail = served(ports, certificate);
  const whole = ports.filter(({ tls }) => tls).every(({ server }) => server.kind === "mail" || ofMail.includes(server));
  const byPlace = new Map<string, NginxServer[]>();
  for (const server of ofMail) {
    // What our own file says is for plan to set right.
    if (servesOurs(server, certificate) || isOurs(server, path)) continue;
    const [line] = server.certificates;
    const apart = server.inherited && server.kind === "stream" && !whole;
    const key = apart || !line ? `${server.block.path}:${server.block.start}` : `${line.path}:${line.start}`;
    byPlace.set(key, [...(byPlace.get(key) ?? []), server]);
  }
  const found: Override[] = [];
  for (const group of byPlace.values()) {
    const [server] = group;
    if (!server) continue;
    const { certificates, inherited, kind, block } = server;
    const theirs = certificates.filter((one) => one.path !== path);
    const line = theirs.find(({ name }) => name === "ssl_certificate") ?? theirs[0] ?? block;
    const include = `include ${path};`;
    const edits =
      inherited && kind === "stream" && !whole
        ? await added(server, include)
        : certificates.some(shared)
          ? []
          : await instead(certificates, include, path);
    const own = edits.length > 0 ? await contentChange(path, certificateText(render, certificate)) : [];
    const scope = portWords(ports.filter((one) => group.includes(one.server) && isServed(one)));
    const setting = clean([line.name, ...line.args].join(" "), 200);
    found.push({ scope, path: line.path, line: line.line, setting, edit: [...own, ...edits] });
  }
  return found;
};
