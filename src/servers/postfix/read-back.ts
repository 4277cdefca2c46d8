// Reads Postfix's effective certificate back after a change: settings that win over main.cf's chain files where nobody meant a service to have its own.
import type { RunProgram } from "../../system/run.ts";
import { clean } from "../../domain/text.ts";
import type { Override, ServedCertificate } from "../server.ts";
import { chainParameter } from "./parameters.ts";
import { chainValue, sameFiles } from "./plan.ts";
import { createPostconf } from "./postconf.ts";

/** postscreen's STARTTLS is tlsproxy's work; its parameters default to smtpd's, and the chain wins over the older ones. */
const tlsproxyChain = "tlsproxy_tls_chain_files";

/** Names that tls_server_sni_maps gives another chain. Only whether there is an answer is looked at: it can hold a key. */
const sniOverrides = async (
  run: RunProgram,
  configDir: string,
  maps: string,
  names: readonly string[],
): Promise<readonly Override[]> => {
  const found: Override[] = [];
  for (const map of maps.split(/[\s,]+/).filter((word) => word.includes(":") && !word.includes("{"))) {
    for (const name of names) {
      const keys = [
        name,
        ...name.split(".").flatMap((_, index, labels) => (index === 0 ? [] : [`.${labels.slice(index).join(".")}`])),
      ];
      for (const key of keys) {
        const { status, stdout } = await run("postmap", ["-c", configDir, "-q", key, map]);
        if (status !== 0 || stdout.trim() === "") continue;
        found.push({
          scope: `clients that ask for ${name}`,
          path: clean(map.slice(map.indexOf(":") + 1), 200),
          setting: `tls_server_sni_maps = ${clean(maps, 120)} has an entry for ${key}`,
          edit: [],
        });
        break;
      }
    }
  }
  return found;
};

export const readBackPostfix = async (
  run: RunProgram,
  configDir: string,
  certificate: ServedCertificate,
): Promise<readonly Override[]> => {
  const postconf = createPostconf(run, configDir);
  const wanted = chainValue(certificate);
  const explicit = await postconf.explicit([chainParameter, tlsproxyChain]);
  const effective = await postconf.effective([chainParameter, tlsproxyChain, "tls_server_sni_maps"]);
  const path = `${configDir}/main.cf`;
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
  const maps = effective.get("tls_server_sni_maps") ?? "";
  return maps === "" ? found : [...found, ...(await sniOverrides(run, configDir, maps, certificate.names))];
};
