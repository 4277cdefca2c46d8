// What Cyrus goes back to when our settings are taken out: those of imapd.conf, which ours stand beside.
import type { FormerSetting } from "../../domain/former-certificate.ts";
import type { Present } from "./plan.ts";

const key = /^(?<whose>(?:[\w-]+_)?)tls_(?:server_)?(?:cert|key)(?:_file)?$/;

/** By whose they are: everybody's, or a service's. */
export const formerCertificates = ({ imapdConf, settings, ours }: Present): readonly (readonly FormerSetting[])[] => {
  const found = new Map<string, FormerSetting[]>();
  for (const [name, value] of settings) {
    const whose = key.exec(name)?.groups?.["whose"];
    if (whose === undefined || ours.has(name)) continue;
    // Two files at most, for two kinds of key.
    const files = value.split(",").map((file) => file.trim());
    const named = files
      .filter((file) => file.startsWith("/"))
      .map((file) => ({ setting: `${name}: ${file} in ${imapdConf}`, file }));
    found.set(whose, [...(found.get(whose) ?? []), ...named]);
  }
  return [...found.values()];
};
