// News as JSON (docs/schema/news.json) to a URL of the admin's own, with a secret header from a 0600 file.
import { newsDocument } from "../domain/news-document.ts";
import { Failure } from "../domain/failure.ts";
import { shownUrl } from "../domain/notify-settings.ts";
import { readSecretFile } from "../system/secret-file.ts";
import type { ChannelFactory } from "./channel.ts";
import { request } from "./request.ts";

const mostHeaders = 10;
/** What the exchange itself says. */
const ours = new Set(["host", "content-length", "content-type", "transfer-encoding", "connection", "user-agent"]);

/** `Name: value` lines, RFC 9110 §5.5 and §5.6.2; what is wrong is said by its line, never by its text. */
export const headersOf = (text: string, path: string): Readonly<Record<string, string>> => {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const found = lines.filter(({ line }) => line !== "" && !line.startsWith("#"));
  const refuse = (why: string): Failure =>
    new Failure("config", `${path}: ${why}`, {
      hints: ["it holds header lines: Authorization: Bearer TOKEN"],
      facts: { path },
    });
  if (found.length === 0 || found.length > mostHeaders) throw refuse("it holds no header line, or too many");
  return Object.fromEntries(
    found.map(({ line, number }) => {
      const [, name, value] =
        /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([\u0021-\u007e](?:[\u0020-\u007e]{0,4000}))$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw refuse(`line ${number} is no header`);
      if (ours.has(name.toLowerCase())) throw refuse(`line ${number} is a header that mailcert writes itself`);
      return [name, value];
    }),
  );
};

const secretHeaders = async (path: string | undefined): Promise<Readonly<Record<string, string>>> => {
  if (path === undefined) return {};
  const text = await readSecretFile(path);
  if (text === undefined)
    throw new Failure("config", `notify: webhook_header_file: there is no ${path}`, {
      hints: ["make it with mode 0600: Authorization: Bearer TOKEN"],
      facts: { path },
    });
  return headersOf(text, path);
};

export const createWebhook: ChannelFactory = (settings, { userAgent }) => ({
  hears: "news",
  target: shownUrl(settings.webhook ?? ""),
  check: async () => void (await secretHeaders(settings.webhookHeaderFile)),
  send: async (report, signal) => {
    const headers = {
      ...(await secretHeaders(settings.webhookHeaderFile)),
      "Content-Type": "application/json",
      "User-Agent": userAgent,
    };
    const body = JSON.stringify(newsDocument(report));
    await request(
      settings,
      { channel: "webhook", url: new URL(settings.webhook ?? ""), method: "POST", headers, body },
      signal,
    );
  },
});
