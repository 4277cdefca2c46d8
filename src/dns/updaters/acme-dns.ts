// The updater for acme-dns, a small name server made for proofs: a CNAME leads to it, and an account there may change one name and nothing else.
import { type AcmeDnsAccount, accountReader } from "./acme-dns-account.ts";
import { createApi } from "./api.ts";
import { readUrl, settingFailure } from "./api-settings.ts";
import type { UpdaterFactory } from "./updater.ts";

const provider = "acme-dns";

const rights = [
  "username, password and subdomain must be those of one registration",
  "and this host's address must be in its allowfrom, where it has one",
];

export const createAcmeDns: UpdaterFactory = (settings, deps) => {
  const accounts = accountReader(settings);
  const url = readUrl(provider, settings);

  const accountFor = async (name: string): Promise<AcmeDnsAccount> => {
    const [label] = name.split(".");
    const all = await accounts();
    const found = all.find(({ subdomain }) => subdomain === label);
    if (found !== undefined) return found;
    throw settingFailure(
      provider,
      `no account may change ${name}: its first label is no subdomain of ${all.length === 1 ? "the account" : `the ${all.length} accounts`}`,
      "publish, once, _acme-challenge.NAME as a CNAME of the account's fulldomain",
    );
  };

  return {
    add: async ({ name, value }, signal) => {
      signal.throwIfAborted();
      const { username, password, subdomain } = await accountFor(name);
      const headers = { "X-Api-User": username, "X-Api-Key": password };
      const api = createApi({ provider, url, settings, headers, secrets: [password, username], rights }, deps);
      const body = { subdomain, txt: value };
      const reply = await api.call({ method: "POST", path: "/update", body, expect: [400], signal });
      if (reply.status === 400)
        throw api.failure(
          "unavailable",
          `it would not change ${name}`,
          reply,
          "acme-dns takes values of 43 characters only: the proofs of dns-01",
        );
    },
    // There is no such request: the next values push this one out, and it proves nothing without the ACME account's key.
    remove: async () => undefined,
  };
};
