// The updater for zones at Cloudflare: API v4 with an API token, one TXT record for each value.
import { type Api, createApi } from "./api.ts";
import { readToken, readTtl, readUrl, settingFailure } from "./api-settings.ts";
import { recordOf, recordsIn, textOf } from "./json.ts";
import { nameInZone, quoteTxt, unquoteTxt } from "./txt.ts";
import type { TxtRecord, UpdaterFactory } from "./updater.ts";

const provider = "cloudflare";
const usualUrl = "https://api.cloudflare.com/client/v4";
const usualTtl = 60;
const perPage = 100;
/** "The record already exists", "An identical record already exists". */
const alreadyThere = new Set([81_057, 81_058]);
/** Their word for a header that is no token's, with HTTP 400. */
const invalidHeaders = 6003;

const rights = [
  "the API token needs the permissions Zone / DNS / Edit and Zone / Zone / Read for this zone; with zone_id the first is enough",
  "tokens are made and looked at under My Profile > API Tokens; a Global API Key does not work here",
];

const codesOf = (data: unknown): readonly number[] =>
  recordsIn(recordOf(data)["errors"]).flatMap(({ code }) => (typeof code === "number" ? [code] : []));

const zoneOf = async (api: Api, zone: string, signal: AbortSignal): Promise<string> => {
  const path = `/zones?name=${encodeURIComponent(zone)}`;
  const reply = await api.call({ method: "GET", path, expect: [400], signal });
  if (reply.status === 400) {
    const credentials = codesOf(reply.data).includes(invalidHeaders);
    throw credentials
      ? api.failure("config", "api_token is no API token", reply, ...rights)
      : api.failure("unavailable", `cannot look for the zone ${zone}`, reply);
  }
  const found = recordsIn(recordOf(reply.data)["result"]).find(({ name }) => name === zone);
  const id = textOf(found?.["id"]);
  if (id === undefined)
    throw settingFailure(
      provider,
      `the token sees no zone ${zone}`,
      `the zone must be in its account, and ${rights[0]}`,
    );
  return encodeURIComponent(id);
};

/** The ids of the records with this value. */
const recordsOf = async (
  api: Api,
  zoneId: string,
  record: TxtRecord,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const query = `type=TXT&name=${encodeURIComponent(record.name)}&per_page=${perPage}`;
  const { data } = await api.call({ method: "GET", path: `/zones/${zoneId}/dns_records?${query}`, signal });
  return recordsIn(recordOf(data)["result"]).flatMap(({ id, type, name, content }) =>
    type === "TXT" &&
    name === record.name &&
    unquoteTxt(textOf(content) ?? "") === record.value &&
    textOf(id) !== undefined
      ? [String(id)]
      : [],
  );
};

export const createCloudflare: UpdaterFactory = (settings, deps) => {
  const token = readToken(provider, settings, "api_token");
  const ttl = readTtl(provider, settings, usualTtl);
  const ownZone = settings["zone_id"];
  if (ownZone !== undefined && !/^[0-9a-f]{32}$/.test(ownZone))
    throw settingFailure(provider, "zone_id must be 32 hexadecimal digits", "the zone's overview page shows it");
  const url = readUrl(provider, settings, usualUrl);
  const headers = { Authorization: `Bearer ${token}` };
  const api = createApi({ provider, url, settings, headers, secrets: [token], rights }, deps);

  const open = async ({ name, zone }: TxtRecord, signal: AbortSignal): Promise<string> => {
    nameInZone(provider, name, zone, "@");
    return ownZone ?? zoneOf(api, zone, signal);
  };

  return {
    add: async (record, signal) => {
      const zoneId = await open(record, signal);
      if ((await recordsOf(api, zoneId, record, signal)).length > 0) return;
      const body = { type: "TXT", name: record.name, content: quoteTxt(record.value), ttl };
      const path = `/zones/${zoneId}/dns_records`;
      const reply = await api.call({ method: "POST", path, body, expect: [400], signal });
      if (reply.status === 400 && !codesOf(reply.data).some((code) => alreadyThere.has(code)))
        throw api.failure("unavailable", `it would not add ${record.name}`, reply);
    },
    remove: async (record, signal) => {
      const zoneId = await open(record, signal);
      for (const id of await recordsOf(api, zoneId, record, signal))
        // Gone meanwhile is gone.
        await api.call({
          method: "DELETE",
          path: `/zones/${zoneId}/dns_records/${encodeURIComponent(id)}`,
          expect: [404],
          signal,
        });
    },
    check: async (record, signal) => void (await recordsOf(api, await open(record, signal), record, signal)),
  };
};
