// `client_certificates:` of the whole configuration -> which CA's certificates people log in with, or every problem in it.
import { certificateNameProblem } from "../domain/certificate-name.ts";
import { defaults } from "../domain/certificate-defaults.ts";
import type { ClientAccess } from "../domain/client-access.ts";
import { quoted } from "./problem.ts";
import { type Field, type Source, readFields, readFlag, readText, reportUnknown } from "./source.ts";

export const readClients = (source: Source, { value }: Field): ClientAccess | undefined => {
  const where = "client_certificates";
  const fields = readFields(source, value, where);
  if (fields === undefined) return undefined;
  reportUnknown(source, fields, where, ["ca", "require", "relay"]);
  const ca = readText(source, fields.get("ca"), "ca");
  const problem = ca && certificateNameProblem(ca.text);
  if (ca && problem !== undefined) source.report(ca.node, `the CA's name ${quoted(ca.text)} ${problem}`);
  const flag = (key: "require" | "relay"): boolean => readFlag(source, fields.get(key), key) ?? false;
  return { ca: ca?.text ?? defaults.ca, require: flag("require"), relay: flag("relay") };
};
