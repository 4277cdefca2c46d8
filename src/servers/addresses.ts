// Host names and service names in a listener as addresses and ports, by this host's own resolver.
import { isIP } from "node:net";
import type { RunProgram } from "../system/run.ts";

/** Addresses of a host name by this host's own resolver (`getent`, the same that the server asks); the name itself where it has none. */
export const addressesOf = async (run: RunProgram, name: string): Promise<readonly string[]> => {
  const plain = name.replace(/^\[(.*)\]$/, "$1");
  if (isIP(plain) !== 0) return [plain];
  const result = await run("getent", ["ahosts", plain]);
  const found = result.stdout
    .split("\n")
    .map((line) => line.split(/\s+/)[0] ?? "")
    .filter((address) => isIP(address) !== 0);
  return found.length > 0 ? [...new Set(found)] : [plain];
};

export const wellKnown: Readonly<Record<string, number>> = {
  smtp: 25,
  submission: 587,
  submissions: 465,
  smtps: 465,
  ssmtp: 465,
};

/** A service name or number as a port; undefined where nobody knows the name. */
export const portOf = async (run: RunProgram, service: string): Promise<number | undefined> => {
  if (/^\d{1,5}$/.test(service)) return Number(service);
  const known = wellKnown[service];
  if (known !== undefined) return known;
  const result = await run("getent", ["services", `${service}/tcp`]);
  const port = /\s(\d{1,5})\/tcp/.exec(result.stdout)?.[1];
  return port === undefined ? undefined : Number(port);
};
