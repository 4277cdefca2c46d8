// The updater for PowerDNS's authoritative server through its own HTTP API: a record set is replaced whole, so that what stands there is read first and kept.
import { type Api, createApi } from "./api.ts";
import { readToken, readTtl, readUrl, settingFailure } from "./api-settings.ts";
import { type JsonRecord, recordOf, recordsIn, textOf } from "./json.ts";
import { nameInZone, quoteTxt, unquoteTxt } from "./txt.ts";
import type { TxtRecord, UpdaterFactory } from "./updater.ts";

const provider = "powerdns";
const usualTtl = 60;

const rights = [
  "api_key must be the server's api-key, and webserver-allow-from must hold this host's address (pdns.conf)",
];

interface RecordSet {
  readonly path: string;
  readonly ttl: number | undefined;
  /** `{content, disabled}` each. */
  readonly records: readonly JsonRecord[];
}

const contentOf = ({ content }: JsonRecord): string => unquoteTxt(textOf(content) ?? "");

export const createPowerdns: UpdaterFactory = (settings, deps) => {
  const key = readToken(provider, settings, "api_key");
  const ttl = readTtl(provider, settings, usualTtl);
  const url = readUrl(provider, settings);
  const server = settings["server_id"] ?? "localhost";
  if (!/^[\w.-]{1,100}$/.test(server)) throw settingFailure(provider, "server_id has characters that no id has");
  const headers = { "X-API-Key": key };
  const api: Api = createApi({ provider, url, settings, headers, secrets: [key], rights }, deps);

  const open = async ({ name, zone }: TxtRecord, signal: AbortSignal): Promise<RecordSet> => {
    nameInZone(provider, name, zone, "@");
    const path = `/api/v1/servers/${server}/zones/${encodeURIComponent(`${zone}.`)}`;
    // Older servers do not know the filter and send the whole zone.
    const query = `?rrset_name=${encodeURIComponent(`${name}.`)}&rrset_type=TXT`;
    const reply = await api.call({ method: "GET", path: `${path}${query}`, expect: [404, 422], signal });
    if (reply.status >= 400)
      throw api.failure(
        "config",
        `the server has no zone ${zone}`,
        reply,
        "check url and server_id: it must be the zone's primary (pdnsutil list-all-zones)",
      );
    const { rrsets } = recordOf(reply.data);
    const found = recordsIn(rrsets).find(
      (set) => set["type"] === "TXT" && textOf(set["name"])?.toLowerCase() === `${name}.`,
    );
    const present = found?.["ttl"];
    const records = recordsIn(found?.["records"]);
    // What is not understood is not written over.
    if (!Array.isArray(rrsets) || records.some(({ content }) => typeof content !== "string"))
      throw api.failure("unavailable", `the answer is no zone with its record sets`, reply);
    return {
      path,
      ttl: typeof present === "number" ? present : undefined,
      records: records.map(({ content, disabled }) => ({ content, disabled: disabled === true })),
    };
  };

  const write = async (set: RecordSet, records: readonly JsonRecord[], { name }: TxtRecord, signal: AbortSignal) => {
    // Without `comments`, those of the set stay.
    const change =
      records.length === 0 ? { changetype: "DELETE" } : { changetype: "REPLACE", ttl: set.ttl ?? ttl, records };
    const body = { rrsets: [{ name: `${name}.`, type: "TXT", ...change }] };
    await api.call({ method: "PATCH", path: set.path, body, signal });
  };

  return {
    add: async (record, signal) => {
      const set = await open(record, signal);
      const same = set.records.filter((one) => contentOf(one) === record.value);
      if (same.some(({ disabled }) => disabled === false)) return;
      // One that is switched off is switched on.
      const others = set.records.filter((one) => !same.includes(one));
      await write(set, [...others, { content: quoteTxt(record.value), disabled: false }], record, signal);
    },
    remove: async (record, signal) => {
      const set = await open(record, signal);
      const left = set.records.filter((one) => contentOf(one) !== record.value);
      if (left.length < set.records.length) await write(set, left, record, signal);
    },
    check: async (record, signal) => void (await open(record, signal)),
  };
};
