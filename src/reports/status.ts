// Status: a table of certificates, what is wrong below it, and the JSON twin.
import type { CertificateStatus, StatusResult } from "../usecases/status.ts";
import { day, daysBetween, minute } from "./dates.ts";
import { decisionText } from "./renew.ts";
import { table } from "./table.ts";

const expiry = ({ live, target }: CertificateStatus, now: Date): string => {
  const generation = live ?? target;
  if (!generation) return "none yet";
  const until = new Date(generation.notAfter);
  const days = daysBetween(now, until);
  return until <= now ? `EXPIRED ${day(until)}` : `${day(until)} (${days} days)`;
};

const servedBy = ({ deployments }: CertificateStatus): string => {
  const parts = Object.entries(deployments).map(([id, { entries }]) => {
    const proven = entries.filter(({ verdict }) => verdict === "proven");
    const ports = [...new Set(proven.map(({ url }) => url.slice(url.lastIndexOf(":") + 1)))].toSorted(
      (a, b) => Number(a) - Number(b),
    );
    const bad = entries.some(({ verdict }) => verdict === "stale" || verdict === "broken" || verdict === "failing");
    return `${id}${ports.length > 0 ? ` ${ports.join(",")}` : ""}${bad ? " (NOT everywhere)" : ""}`;
  });
  return parts.join("; ") || "nowhere";
};

const next = (one: CertificateStatus): string => {
  if (one.parked) return `taken out of the servers; mailcert deploy ${one.name} puts it back`;
  if (!one.configured) return "not in the configuration: not renewed";
  return one.next ? decisionText(one.next) : "";
};

export const statusText = ({ certificates }: StatusResult, now: Date): string => {
  if (certificates.length === 0) return "no certificates yet; first time: mailcert setup mail.example.org";
  const rows = certificates.map((one) => [one.name, one.issuer, expiry(one, now), one.stage, servedBy(one)]);
  const below = certificates.flatMap((one) => [
    `${one.name}: ${next(one)}`,
    ...(one.names.length > 1 ? [`  names: ${one.names.join(", ")}`] : []),
    ...(one.lastError
      ? [`  last error (${minute(new Date(one.lastError.at))}, attempt ${one.attempts}): ${one.lastError.message}`]
      : []),
  ]);
  return [table([["certificate", "issuer", "expires", "stage", "served by"], ...rows]), "", ...below].join("\n");
};

export const statusDocument = ({ certificates, ok }: StatusResult): object => ({
  schema: "mailcert.status/1",
  ok,
  certificates,
});
