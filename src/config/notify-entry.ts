// `notify:` of the configuration -> who is told, or every problem in it. What stands there is not repeated where it could be a secret.
import { isIP } from "node:net";
import type { NotifySettings } from "../domain/notify-settings.ts";
import { quoted } from "./problem.ts";
import { type Field, type Source, type Text, readFields, readText, readTexts, reportUnknown } from "./source.ts";
import { emailOf, pathOf } from "./values.ts";

const keys = ["mail", "from", "webhook", "webhook_header_file", "ping", "prometheus", "ca_file"];

const isLoopback = (host: string): boolean => {
  const bare = host.replace(/^\[|\]$/g, "");
  return bare === "localhost" || bare === "::1" || (isIP(bare) === 4 && bare.startsWith("127."));
};

/** Many of these URLs are secrets: whoever knows them may use them. */
const urlOf = (source: Source, { text, node }: Text, name: string): string | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const wrong =
    url === undefined
      ? "is not a URL"
      : url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))
        ? "is neither https, nor http to this host (127.0.0.1)"
        : url.username !== "" || url.password !== ""
          ? "has a user name or password in it"
          : url.hash !== ""
            ? "has a fragment (#...), which is never sent"
            : undefined;
  if (wrong === undefined) return text;
  const hint = name === "webhook" ? "a secret header goes into webhook_header_file" : "write it as https://...";
  source.report(node, `${name} ${wrong}`, hint);
  return undefined;
};

/** Of this host, like root: its own sendmail knows where that goes. */
const localName = /^[a-z_][a-z0-9_.-]{0,31}$/i;

const addressesOf = (source: Source, field: Field | undefined): readonly string[] | undefined => {
  const addresses: string[] = [];
  for (const one of readTexts(source, field, "mail") ?? []) {
    const address = localName.test(one.text) ? one.text : emailOf(source, one);
    if (address === undefined) continue;
    if (addresses.includes(address))
      source.report(one.node, `mail has ${quoted(address)} twice`, "remove one of the two");
    else addresses.push(address);
  }
  return field === undefined ? undefined : addresses;
};

/** undefined where there is none. */
export const readNotify = (source: Source, field: Field | undefined): NotifySettings | undefined => {
  if (field === undefined) return undefined;
  const fields = readFields(source, field.value, "notify");
  if (fields === undefined) return undefined;
  reportUnknown(source, fields, "notify", keys);
  const of = <Value>(key: string, read: (text: Text) => Value): Value | undefined => {
    const text = readText(source, fields.get(key), key);
    return text && read(text);
  };
  const mail = addressesOf(source, fields.get("mail"));
  const from = of("from", (text) => emailOf(source, text));
  const webhook = of("webhook", (text) => urlOf(source, text, "webhook"));
  const webhookHeaderFile = of("webhook_header_file", (text) => pathOf(source, text, "webhook_header_file"));
  const ping = of("ping", (text) => urlOf(source, text, "ping"));
  const prometheus = of("prometheus", (text) => {
    if (!text.text.endsWith(".prom"))
      source.report(
        text.node,
        `prometheus: ${quoted(text.text)} does not end in .prom`,
        "node_exporter reads no other files",
      );
    return pathOf(source, text, "prometheus");
  });
  const caFile = of("ca_file", (text) => pathOf(source, text, "ca_file"));
  const needs = (key: string, other: string, has: boolean): void => {
    const one = fields.get(key);
    if (one && !has) source.report(one.key, `${key} means nothing without ${other}`);
  };
  needs("from", "mail", fields.has("mail"));
  needs("webhook_header_file", "webhook", fields.has("webhook"));
  needs("ca_file", "webhook or ping", fields.has("webhook") || fields.has("ping"));
  if (!["mail", "webhook", "ping", "prometheus"].some((key) => fields.has(key)))
    source.report(field.key, "notify names nobody", "known are mail, webhook, ping and prometheus");
  return {
    ...(mail === undefined ? {} : { mail }),
    ...(from === undefined ? {} : { from }),
    ...(webhook === undefined ? {} : { webhook }),
    ...(webhookHeaderFile === undefined ? {} : { webhookHeaderFile }),
    ...(ping === undefined ? {} : { ping }),
    ...(prometheus === undefined ? {} : { prometheus }),
    ...(caFile === undefined ? {} : { caFile }),
  };
};
