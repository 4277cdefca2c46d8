// The updater for zones at deSEC: its REST API changes a whole record set at once, so that what stands there is read first and kept.
import { type Api, createApi } from "./api.ts";
import { readToken, readTtl, readUrl } from "./api-settings.ts";
import { recordOf } from "./json.ts";
import { nameInZone, quoteTxt, unquoteTxt } from "./txt.ts";
import type { TxtRecord, UpdaterFactory } from "./updater.ts";

const provider = "desec";
const usualUrl = "https://desec.io/api/v1";
/** The least that most accounts may set. */
const usualTtl = 3600;

const rights = [
  "the token must be valid, be allowed from this host's address (allowed_subnets), and may write TXT records at this name: a policy with domain, subname, type TXT and perm_write",
  "tokens are made and looked at under Token Management",
];

interface RecordSet {
  readonly path: string;
  readonly subname: string;
  /** As they stand there; undefined where there is no such set (or no such zone: the API says the same of both). */
  readonly present: readonly string[] | undefined;
}

const open = async (api: Api, { name, zone }: TxtRecord, signal: AbortSignal): Promise<RecordSet> => {
  const subname = nameInZone(provider, name, zone, "");
  const path = `/domains/${encodeURIComponent(zone)}/rrsets/`;
  const one = `${path}${subname === "" ? "@" : encodeURIComponent(subname)}/TXT/`;
  const reply = await api.call({ method: "GET", path: one, expect: [404], signal });
  if (reply.status === 404) return { path, subname, present: undefined };
  const { records } = recordOf(reply.data);
  // What is not understood is not written over.
  if (!Array.isArray(records) || !records.every((record) => typeof record === "string"))
    throw api.failure("unavailable", `the answer is no record set`, reply);
  return { path, subname, present: records };
};

export const createDesec: UpdaterFactory = (settings, deps) => {
  const token = readToken(provider, settings, "token");
  const ttl = readTtl(provider, settings, usualTtl);
  const url = readUrl(provider, settings, usualUrl);
  const headers = { Authorization: `Token ${token}` };
  const api = createApi({ provider, url, settings, headers, secrets: [token], rights }, deps);

  const write = async (
    { path, subname, present }: RecordSet,
    records: readonly string[],
    { zone, name }: TxtRecord,
    signal: AbortSignal,
  ): Promise<void> => {
    // In bulk: PATCH makes the set, changes it, or takes it away where no record is left. A set that is there keeps its TTL.
    const body = [{ subname, type: "TXT", records, ...(present === undefined ? { ttl } : {}) }];
    const reply = await api.call({ method: "PATCH", path, body, expect: [400, 404], signal });
    if (reply.status === 404)
      throw api.failure("config", `the zone ${zone} is not in the token's account`, reply, ...rights);
    if (reply.status === 400)
      throw api.failure(
        "unavailable",
        `it would not change ${name}`,
        reply,
        "a TTL below the domain's minimum is one reason: set ttl",
      );
  };

  return {
    add: async (record, signal) => {
      const set = await open(api, record, signal);
      const present = set.present ?? [];
      if (present.some((one) => unquoteTxt(one) === record.value)) return;
      await write(set, [...present, quoteTxt(record.value)], record, signal);
    },
    remove: async (record, signal) => {
      const set = await open(api, record, signal);
      const present = set.present ?? [];
      const left = present.filter((one) => unquoteTxt(one) !== record.value);
      if (left.length < present.length) await write(set, left, record, signal);
    },
    check: async (record, signal) => void (await open(api, record, signal)),
  };
};
