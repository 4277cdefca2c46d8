// The updater for zones in the Hetzner Console: the Cloud API's record sets, to which single values are added and from which they are removed.
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { type Api, type ApiReply, createApi } from "./api.ts";
import { readToken, readTtl, readUrl } from "./api-settings.ts";
import { recordOf, recordsIn, textOf } from "./json.ts";
import { nameInZone, quoteTxt, unquoteTxt } from "./txt.ts";
import type { TxtRecord, UpdaterDeps, UpdaterFactory } from "./updater.ts";

const provider = "hetzner";
const usualUrl = "https://api.hetzner.cloud/v1";
const usualTtl = 60;
const pollMs = 500;
/** Of the wait for one action. */
const mostPolls = 60;
const lockedMs = 60_000;

const rights = [
  "the API token must be one with Read & Write of the project in which the zone is (Hetzner Console: Security > API Tokens)",
  "a token of the old DNS Console (dns.hetzner.com) does not work here: the zone has to be moved to the Hetzner Console first",
];

const setPath = ({ name, zone }: TxtRecord): string =>
  `/zones/${encodeURIComponent(zone)}/rrsets/${encodeURIComponent(nameInZone(provider, name, zone, "@"))}/TXT`;

/** The values as they stand there; undefined where there is no such record set, or no such zone. */
const valuesOf = async (api: Api, record: TxtRecord, signal: AbortSignal): Promise<readonly string[] | undefined> => {
  const { status, data } = await api.call({ method: "GET", path: setPath(record), expect: [404], signal });
  if (status === 404) return undefined;
  return recordsIn(recordOf(recordOf(data)["rrset"])["records"]).flatMap(({ value }) => textOf(value) ?? []);
};

const holding = (present: readonly string[] | undefined, { value }: TxtRecord): string | undefined =>
  present?.find((one) => unquoteTxt(one) === value);

/** A change is an action: taken at once, done a little later. */
const finished = async (api: Api, reply: ApiReply, deps: UpdaterDeps, signal: AbortSignal): Promise<void> => {
  let action = recordOf(recordOf(reply.data)["action"]);
  for (let polls = 0; action["status"] === "running"; polls += 1) {
    if (polls >= mostPolls)
      throw new Failure(
        "unavailable",
        `${provider}: the change is still under way after ${(pollMs * mostPolls) / 1000} s`,
      );
    await deps.sleep(pollMs, signal);
    const { data } = await api.call({ method: "GET", path: `/actions/${Number(action["id"])}`, signal });
    action = recordOf(recordOf(data)["action"]);
  }
  if (action["status"] === "success") return;
  const { message } = recordOf(action["error"]);
  throw new Failure(
    "unavailable",
    `${provider}: the change failed: ${clean(textOf(message) ?? "no reason was given", 300)}`,
  );
};

/** @throws Failure, `try-later` where somebody else's change of the zone is under way. */
const refuse = (api: Api, reply: ApiReply, { name, zone }: TxtRecord, now: Date): Failure => {
  if (reply.status === 404)
    return api.failure("config", `the zone ${zone} is not in the token's project`, reply, ...rights);
  const { code } = recordOf(recordOf(reply.data)["error"]);
  if (reply.status === 423 || code === "conflict" || code === "locked") {
    const retryAt = new Date(now.getTime() + lockedMs).toISOString();
    const { message } = api.failure("try-later", `another change of ${zone} is under way`, reply);
    return new Failure("try-later", message, { hints: ["run the command again"], facts: { code: "LOCKED", retryAt } });
  }
  return api.failure("unavailable", `it would not change ${name}`, reply);
};

export const createHetzner: UpdaterFactory = (settings, deps) => {
  const token = readToken(provider, settings, "api_token");
  const ttl = readTtl(provider, settings, usualTtl);
  const url = readUrl(provider, settings, usualUrl);
  const headers = { Authorization: `Bearer ${token}` };
  const api = createApi({ provider, url, settings, headers, secrets: [token], rights }, deps);
  const act = (record: TxtRecord, action: string, body: object, signal: AbortSignal): Promise<ApiReply> =>
    api.call({
      method: "POST",
      path: `${setPath(record)}/actions/${action}`,
      body,
      expect: [400, 404, 409, 422, 423],
      signal,
    });

  return {
    add: async (record, signal) => {
      const present = await valuesOf(api, record, signal);
      if (holding(present, record) !== undefined) return;
      // A record set that is there keeps its TTL.
      const body = { records: [{ value: quoteTxt(record.value) }], ...(present === undefined ? { ttl } : {}) };
      const reply = await act(record, "add_records", body, signal);
      if (reply.status < 400) await finished(api, reply, deps, signal);
      else throw refuse(api, reply, record, deps.now());
    },
    remove: async (record, signal) => {
      const value = holding(await valuesOf(api, record, signal), record);
      if (value === undefined) return;
      const reply = await act(record, "remove_records", { records: [{ value }] }, signal);
      if (reply.status < 400) await finished(api, reply, deps, signal);
      // Gone meanwhile is gone.
      else if (reply.status !== 404) throw refuse(api, reply, record, deps.now());
    },
    check: async (record, signal) => void (await valuesOf(api, record, signal)),
  };
};
