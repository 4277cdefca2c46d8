// Reads Postfix's effective certificate back after a change: settings that win over main.cf's chain files where nobody meant a service to have its own.
import type { RunProgram } from "../../system/run.ts";
import { clean } from "../../domain/text.ts";
import type { Override } from "../server.ts";
import { chainValue, sameFiles } from "./own-certificate.ts";
import { chainParameter } from "./parameters.ts";
import { type PostfixWish, straysOf } from "./plan.ts";
import { placeOverrides, strayOverrides } from "./places.ts";
import { type Postconf, createPostconf } from "./postconf.ts";
import { sniParameter } from "./sni.ts";
import { sniOverrides } from "./sni-overrides.ts";

/** postscreen's STARTTLS is tlsproxy's work; its parameters default to smtpd's, and the chain wins over the older ones. */
const tlsproxyChain = "tlsproxy_tls_chain_files";

const overridesAtServices = async (postconf: Postconf, wish: PostfixWish): Promise<readonly Override[]> => {
  const { configDir, services = new Map(), placed = [] } = wish;
  if (placed.length === 0) return [];
  const overrides = await postconf.overrides();
  const strays = straysOf(wish, (id) => services.has(id), { services: await postconf.services(), overrides });
  return [...placeOverrides(configDir, services, overrides), ...strayOverrides(configDir, strays)];
};

export const readBackPostfix = async (run: RunProgram, wish: PostfixWish): Promise<readonly Override[]> => {
  const { configDir, main, bySni, rows } = wish;
  const postconf = createPostconf(run, configDir);
  const explicit = await postconf.explicit([chainParameter, tlsproxyChain]);
  const effective = await postconf.effective([chainParameter, tlsproxyChain, sniParameter]);
  const path = `${configDir}/main.cf`;
  const byName = await sniOverrides(
    run,
    { configDir, main, bySni },
    effective.get(sniParameter) ?? "",
    rows !== undefined,
  );
  const byPlace = await overridesAtServices(postconf, wish);
  if (!main) return [...byName, ...byPlace];
  const wanted = chainValue(main);
  const found: Override[] = [];
  const served = effective.get(chainParameter) ?? "";
  if (!sameFiles(served, wanted)) {
    const edit = {
      kind: "parameter",
      parameter: chainParameter,
      before: explicit.get(chainParameter),
      after: wanted,
    } as const;
    found.push({ scope: "everything", path, setting: `${chainParameter} = ${clean(served, 200)}`, edit: [edit] });
  }
  const services = await postconf.services();
  const proxied = effective.get(tlsproxyChain) ?? "";
  if (
    services.some((service) => service.command === "tlsproxy") &&
    explicit.has(tlsproxyChain) &&
    !sameFiles(proxied, wanted)
  ) {
    const before = explicit.get(tlsproxyChain);
    found.push({
      scope: "postscreen on port 25",
      path,
      setting: `${tlsproxyChain} = ${clean(before ?? "", 200)}`,
      edit: [{ kind: "parameter", parameter: tlsproxyChain, before, after: undefined }],
    });
  }
  return [...found, ...byName, ...byPlace];
};
