// The Hetzner Cloud API as far as TXT record sets of one zone need it: changes are actions that take a while, one at a time.
import { type Answer, type FakeProvider, startApi, unquoted } from "./server.ts";

interface RecordSet {
  ttl: number | null;
  records: readonly { readonly value: string; readonly comment?: string }[];
}

const refused = (status: number, code: string, message: string): Answer => ({
  status,
  body: { error: { code, message, details: null } },
});

export interface FakeHetzner extends FakeProvider {
  readonly sets: Map<string, RecordSet>;
  /** How the next action ends. */
  outcome: { readonly status: "success" } | { readonly status: "error"; readonly message: string };
}

export const startHetzner = async (token: string): Promise<FakeHetzner> => {
  const sets = new Map<string, RecordSet>();
  /** What an action does when it is asked after for the second time. */
  const running = new Map<number, { asked: number; done: boolean; readonly job: () => void }>();
  let last = 0;
  const begin = (job: () => void): Answer => {
    const id = (last += 1);
    running.set(id, { asked: 0, done: false, job });
    return { status: 201, body: { action: { id, status: "running", progress: 0, error: null } } };
  };
  const look = (id: number): Answer => {
    const action = running.get(id);
    if (action === undefined) return refused(404, "not_found", "action not found");
    action.asked += 1;
    if (action.asked < 2) return { status: 200, body: { action: { id, status: "running", error: null } } };
    const { outcome } = fake;
    if (!action.done && outcome.status === "success") action.job();
    action.done = true;
    const error = outcome.status === "error" ? { code: "action_failed", message: outcome.message } : null;
    return { status: 200, body: { action: { id, status: outcome.status, error } } };
  };
  const api = await startApi(({ method, path, headers, body }) => {
    if (headers.authorization !== `Bearer ${token}`) return refused(401, "unauthorized", "unable to authenticate");
    const [, action] = /^\/actions\/(\d+)$/.exec(path) ?? [];
    if (action !== undefined) return look(Number(action));
    const [, zone, name, verb] = /^\/zones\/([^/]+)\/rrsets\/([^/]+)\/TXT(?:\/actions\/(\w+))?$/.exec(path) ?? [];
    if (zone !== "example.org" || name === undefined) return refused(404, "not_found", "zone not found");
    const key = decodeURIComponent(name);
    const set = sets.get(key);
    if (method === "GET")
      return set === undefined
        ? refused(404, "not_found", "rrset not found")
        : { status: 200, body: { rrset: { id: `${key}/TXT`, name: key, type: "TXT", ...set } } };
    if ([...running.values()].some(({ done }) => !done)) return refused(423, "locked", "an action is running");
    const { records, ttl } = body as { readonly records: RecordSet["records"]; readonly ttl?: number };
    if (records.some(({ value }) => unquoted(value) === undefined)) return refused(422, "invalid_input", "not quoted");
    const holds = (value: string): boolean => set?.records.some((one) => one.value === value) ?? false;
    if (verb === "add_records") {
      if (records.some(({ value }) => holds(value))) return refused(422, "invalid_input", "duplicate record");
      if (set !== undefined && ttl !== undefined && ttl !== set.ttl)
        return refused(422, "invalid_input", "another TTL");
      return begin(() =>
        sets.set(key, { ttl: set?.ttl ?? ttl ?? null, records: [...(set?.records ?? []), ...records] }),
      );
    }
    if (verb !== "remove_records") return refused(405, "method_not_allowed", "no");
    if (!records.every(({ value }) => holds(value))) return refused(404, "not_found", "record not found");
    return begin(() => {
      const left = set?.records.filter((one) => !records.some(({ value }) => value === one.value)) ?? [];
      if (left.length === 0) sets.delete(key);
      else sets.set(key, { ttl: set?.ttl ?? null, records: left });
    });
  });
  const values = (name: string): readonly string[] =>
    (sets.get(name === "example.org" ? "@" : name.slice(0, -".example.org".length))?.records ?? []).map(
      ({ value }) => unquoted(value) ?? value,
    );
  const fake: FakeHetzner = { api, values, sets, outcome: { status: "success" } };
  return fake;
};
