// The updater for name servers that take DNS UPDATE (RFC 2136) signed with TSIG: BIND, Knot, PowerDNS, Windows and others.
import { Failure, type FailureKind } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { exchangeTcp } from "../transport.ts";
import { type TsigKey, type Verdict, sign, verifyReply } from "../tsig.ts";
import { type TxtUpdate, encodeUpdate, readUpdateReply } from "../update.ts";
import { keyReader, readServer, wrong } from "./rfc2136-key.ts";
import type { TxtRecord, UpdaterFactory } from "./updater.ts";

const defaultTtl = 60;

interface Place {
  /** As the settings name it. */
  readonly server: string;
  readonly zone: string;
  readonly name: string;
  readonly key: TsigKey;
}

/** What each refusal means, and what to do about it (RFC 2136 §2.2, RFC 8945 §5.2). */
const refusals: Readonly<Record<string, (place: Place) => readonly [FailureKind, string, ...string[]]>> = {
  BADKEY: ({ key }) => [
    "config",
    `it does not know the key "${key.name}" with ${key.algorithm} (BADKEY)`,
    "name and algorithm must be the same here and in the server's configuration",
  ],
  BADSIG: ({ key }) => [
    "config",
    `the signature with the key "${key.name}" is not right (BADSIG)`,
    "the secret is not the server's: copy it again",
  ],
  BADTIME: () => ["unavailable", "its clock and this host's differ too much (BADTIME)", "set the clock of both: NTP"],
  REFUSED: ({ key, name }) => [
    "config",
    `the key "${key.name}" may not change TXT records at ${name} (REFUSED)`,
    `allow it there: BIND grant "${key.name}" name ${name} TXT; in update-policy, Knot an acl with action: update`,
  ],
  NOTAUTH: ({ key, zone }) => [
    "config",
    `it does not have the zone ${zone}, or the key "${key.name}" may not change it (NOTAUTH)`,
    "name the primary server of the zone as server, and the zone as zone where it is another one",
  ],
  NOTZONE: ({ zone, name }) => ["config", `${name} is not in the zone ${zone} (NOTZONE)`, "mend or remove zone"],
};

const refused = (said: string, place: Place, verdict: Verdict, now: Date): Failure => {
  const [kind, why, ...hints] = refusals[said]?.(place) ?? ["unavailable" as const, `it answered ${clean(said, 40)}`];
  const serverTime = verdict.kind === "genuine" && said === "BADTIME" ? verdict.serverTime : undefined;
  const apart = serverTime === undefined ? undefined : Math.round(serverTime - now.getTime() / 1000);
  const skew =
    apart === undefined ? "" : `: the server's is ${Math.abs(apart)} seconds ${apart < 0 ? "behind" : "ahead"}`;
  return new Failure(kind, `rfc2136: ${place.server} would not change ${place.name}: ${why}${skew}`, {
    hints,
    facts: { code: said, server: place.server, zone: place.zone, name: place.name },
  });
};

const unreachable = (error: unknown, server: string): Failure => {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === "ECONNREFUSED" ? "nothing listens on that TCP port" : message;
  return new Failure("unavailable", `rfc2136: ${server}: ${clean(why, 200)}`, {
    cause: error,
    hints: ["updates go over TCP: the server must be reachable on its TCP port from this host"],
    facts: { code: code ?? "NO_ANSWER", server },
  });
};

const inZone = (name: string, zone: string): boolean => name === zone || name.endsWith(`.${zone}`);

export const createRfc2136: UpdaterFactory = (settings, { now, randomId, timeoutMs = 30_000 }) => {
  const server = settings["server"];
  if (server === undefined)
    throw wrong("server is missing: the address of the zone's primary name server", "write server: 192.0.2.53, say");
  const at = readServer(server);
  const readKey = keyReader(settings);
  const ttl = Number(settings["ttl"] ?? defaultTtl);
  if (!Number.isInteger(ttl) || ttl < 0 || ttl > 86_400) throw wrong("ttl must be seconds, 86400 at most");
  const ownZone = settings["zone"]?.toLowerCase().replace(/\.$/, "");

  const update = async (record: TxtRecord, change: TxtUpdate["change"], signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    const { name, value } = record;
    const zone = ownZone ?? record.zone;
    if (!inZone(name, zone))
      throw wrong(
        `${name} is not in the zone "${clean(zone, 80)}" of the settings`,
        `leave zone: out of the settings, and it is found by asking: here it is ${record.zone}`,
        "names in zones on several servers take a certificate each, or an alias (CNAME) into one zone",
      );
    const key = await readKey();
    const id = randomId();
    const place: Place = { server: clean(server, 80), zone, name, key };
    const request = sign(encodeUpdate({ id, zone, name, value, change }), key, now());
    let reply: Buffer;
    try {
      reply = await exchangeTcp({ server: at, timeoutMs, signal }, request.message);
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(error, place.server);
    }
    const strange = (): Failure => unreachable(new Error("the reply is no reply to an update"), place.server);
    const said = readUpdateReply(reply, id);
    if (said === undefined) throw strange();
    let verdict: Verdict;
    try {
      verdict = verifyReply(reply, key, request.mac, now());
    } catch {
      throw strange();
    }
    // A refusal counts whoever it is from: without the change there is nothing to go on with. A yes counts only when it is signed.
    if (verdict.error !== undefined) throw refused(verdict.error, place, verdict, now());
    if (said !== "NOERROR") throw refused(said, place, verdict, now());
    if (verdict.kind === "unproven")
      throw unreachable(new Error("the reply is not signed with the key: it may not be the server's"), place.server);
  };

  return {
    add: (record, signal) => update(record, { kind: "add", ttl }, signal),
    remove: (record, signal) => update(record, { kind: "remove" }, signal),
    // Taking away what is not there changes nothing (RFC 2136 §3.4.2.4), and needs the same key and the same rights.
    check: (record, signal) => update(record, { kind: "remove" }, signal),
  };
};
