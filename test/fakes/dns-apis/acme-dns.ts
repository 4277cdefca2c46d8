// acme-dns as far as updates need it: an account changes one name, which holds two values, and the older one is replaced.
import { type FakeProvider, startApi } from "./server.ts";

export interface Registration {
  readonly username: string;
  readonly password: string;
  readonly subdomain: string;
}

const zone = "auth.example.org";

export const startAcmeDns = async (accounts: readonly Registration[]): Promise<FakeProvider> => {
  const texts = new Map<string, readonly string[]>();
  const api = await startApi(({ method, path, headers, body }) => {
    if (method !== "POST" || path !== "/update") return { status: 404, body: "404 page not found" };
    const { subdomain, txt } = body as { readonly subdomain: string; readonly txt: string };
    const account = accounts.find(
      ({ username, password }) => username === headers["x-api-user"] && password === headers["x-api-key"],
    );
    if (account === undefined || account.subdomain !== subdomain) return { status: 401, body: { error: "forbidden" } };
    if (txt.length !== 43) return { status: 400, body: { error: "bad_txt" } };
    // The same value twice takes both places, as there.
    texts.set(`${subdomain}.${zone}`, [...(texts.get(`${subdomain}.${zone}`) ?? []), txt].slice(-2));
    return { status: 200, body: { txt } };
  });
  return { api, values: (name) => [...new Set(texts.get(name) ?? [])] };
};
