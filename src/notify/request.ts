// One request of a channel: a deadline, a byte limit, no redirect, and failures that say where without the secret parts of the URL.
import { Failure } from "../domain/failure.ts";
import type { NotifySettings } from "../domain/notify-settings.ts";
import { shownUrl } from "../domain/notify-settings.ts";
import { clean } from "../domain/text.ts";
import { exchangeHttp } from "../system/http-exchange.ts";
import { readTextIfPresent } from "../system/files.ts";

const timeoutMs = 10_000;
/** Nobody reads the answer; a page of an error is not worth more. */
const maxBytes = 65_536;

export interface ChannelRequest {
  readonly channel: "webhook" | "ping";
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const rootsOf = async ({ caFile }: NotifySettings): Promise<{ readonly ca?: string }> => {
  if (caFile === undefined) return {};
  const ca = await readTextIfPresent(caFile);
  if (ca === undefined)
    throw new Failure("config", `notify: ca_file: there is no ${caFile}`, { facts: { path: caFile } });
  return { ca };
};

const hintsOf: Readonly<Record<string, string>> = {
  ECONNREFUSED: "check host and port of its URL, and whether it is up",
  ENOTFOUND: "check its URL, and this machine's /etc/resolv.conf",
  EAI_AGAIN: "check its URL, and this machine's /etc/resolv.conf",
  ETIMEDOUT: "it answers nothing, or too slowly: look at that host, then at the firewall for outgoing HTTPS",
  DEPTH_ZERO_SELF_SIGNED_CERT: "for a server of your own, name its root: notify: ca_file: FILE",
  SELF_SIGNED_CERT_IN_CHAIN: "for a server of your own, name its root: notify: ca_file: FILE",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "for a server of your own, name its root: notify: ca_file: FILE",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "for a server of your own, name its root: notify: ca_file: FILE",
};

/** @throws Failure `unavailable` for anything but a 2xx. */
export const request = async (settings: NotifySettings, asked: ChannelRequest, signal: AbortSignal): Promise<void> => {
  const { channel, url, method, headers, body } = asked;
  const place = `${channel} ${shownUrl(url.href)}`;
  const roots = await rootsOf(settings);
  const rest = { url, method, headers, signal, timeoutMs, maxBytes, ...roots, ...(body === undefined ? {} : { body }) };
  const reply = await exchangeHttp(rest).catch((error: unknown) => {
    if (signal.aborted) throw new Failure("try-later", `${place}: stopped along with this run`, { cause: error });
    const { code = "", message } = error as NodeJS.ErrnoException;
    const hint = hintsOf[code];
    throw new Failure("unavailable", `${place}: ${clean(message, 200)}`, {
      ...(hint === undefined ? {} : { hints: [hint] }),
      facts: { code },
    });
  });
  if (reply.status >= 200 && reply.status < 300) return;
  const moved = reply.status >= 300 && reply.status < 400;
  throw new Failure("unavailable", `${place}: it answered ${reply.status}${moved ? ", which is not followed" : ""}`, {
    hints: [moved ? "write the URL that it leads to" : "check its URL, and its secret, where it has one"],
    facts: { code: `HTTP_${reply.status}` },
  });
};
