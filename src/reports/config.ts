// The configuration as checked and as it holds, for people and as JSON.
import type { ClientAccess } from "../domain/client-access.ts";
import type { CertificateConfig, Config } from "../domain/certificate-config.ts";
import { type RawValue, effectiveSettings } from "../domain/certificate-settings.ts";
import type { ConfigCheck } from "../domain/config-problem.ts";
import { rawHook, rawHooks } from "../domain/hook.ts";
import { shownNotify } from "../domain/notify-settings.ts";

const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? "" : "s"}`;

export const configCheckText = ({ files, certificates, problems, warnings }: ConfigCheck): string => {
  if (problems.length === 0) {
    const warned = warnings.length === 0 ? "" : `, ${count(warnings.length, "warning")}`;
    return `${files.join(", ")}: ${count(certificates.length, "certificate")}, no problems${warned}`;
  }
  const lines = problems.flatMap(({ file, line, column, message, hint, command }) => [
    `${file}:${line}:${column}: ${message}`,
    ...(command === undefined ? [] : [`    run: ${command}`]),
    ...(hint === undefined ? [] : [`    ${hint}`]),
  ]);
  return [...lines, count(problems.length, "problem")].join("\n");
};

export const configCheckDocument = (check: ConfigCheck): object => ({
  schema: "mailcert.config-check/1",
  ok: check.problems.length === 0,
  ...check,
});

// A plain scalar that YAML reads back as the same text; JSON's quotes are YAML's too.
const yamlText = (text: string): string =>
  /^[A-Za-z0-9/][A-Za-z0-9 ._/@+-]*$/.test(text) &&
  !text.endsWith(" ") &&
  !/^(?:true|false|null|~|[0-9.+-][0-9a-z_.+-]*)$/i.test(text)
    ? text
    : JSON.stringify(text);

// Array.isArray does not tell readonly lists.
const isList = (value: object): value is readonly string[] => Array.isArray(value);

const yamlValue = (value: RawValue): string => {
  if (typeof value === "string") return yamlText(value);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return `[${value.map(yamlText).join(", ")}]`;
  const mapping = (inner: Readonly<Record<string, string | number | readonly string[]>>): string =>
    `{ ${Object.entries(inner)
      .map(([key, one]) => `${yamlText(key)}: ${yamlValue(one)}`)
      .join(", ")} }`;
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${yamlText(name)}: ${mapping(inner)}`)
    .join(", ")} }`;
};

/** URLs are validated to hold no password, and tokens live in files of their own: nothing here is secret. */
const certificateText = (certificate: CertificateConfig): readonly string[] => {
  const settings = effectiveSettings(certificate).map(({ key, value, isDefault }) => {
    const line = `    ${key}: ${yamlValue(value)}`;
    return isDefault ? `${line.padEnd(40)} # default` : line;
  });
  return [`  ${yamlText(certificate.name)}:`, ...settings];
};

/** What holds for all certificates, and who is told, by key; a URL that is a secret is not shown whole. */
const topOf = ({
  inherited: { hooks, window } = {},
  notify,
  sniRows,
  clients,
}: Config): Readonly<Record<string, RawValue | RawTold>> => ({
  ...(hooks ? { hooks: rawHooks(hooks) } : {}),
  ...(window ? { window: window.map(({ text }) => text) } : {}),
  ...(notify ? { notify: shownNotify(notify) } : {}),
  ...(sniRows ? { postfix_sni_rows: rawHook(sniRows) } : {}),
  ...(clients ? { client_certificates: { ca: clients.ca, require: clients.require, relay: clients.relay } } : {}),
});

type RawTold = ReturnType<typeof shownNotify> | ReturnType<typeof rawHook> | ClientAccess;

const topText = (config: Config): readonly string[] =>
  Object.entries(topOf(config)).flatMap(([key, value]) =>
    key === "notify" || key === "postfix_sni_rows" || key === "client_certificates"
      ? [`${key}:`, ...Object.entries(value).map(([name, one]) => `  ${name}: ${yamlValue(one as RawValue)}`)]
      : [`${key}: ${yamlValue(value as RawValue)}`],
  );

/** The effective configuration as YAML that could be used as it is, but for URLs that are secrets. */
export const configText = (path: string, config: Config): string => {
  const { certificates } = config;
  return [
    `# ${path} with its defaults`,
    ...topText(config),
    certificates.length === 0 ? "certificates: {}" : "certificates:",
    ...certificates.flatMap(certificateText),
  ].join("\n");
};

export const configDocument = (path: string, config: Config): object => ({
  schema: "mailcert.config/1",
  ok: true,
  path,
  ...topOf(config),
  certificates: Object.fromEntries(
    config.certificates.map((certificate) => [
      certificate.name,
      Object.fromEntries(effectiveSettings(certificate).map(({ key, value }) => [key, value])),
    ]),
  ),
});
