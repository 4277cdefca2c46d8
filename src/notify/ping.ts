// A health check hears of every run, as Healthchecks and its kin want it: GET URL where all went well, URL/fail where a fault is open.
import { shownUrl } from "../domain/notify-settings.ts";
import type { ChannelFactory, Report } from "./channel.ts";
import { request } from "./request.ts";

/** The path alone gets the word: a query stays behind it. */
export const pingUrl = (base: string, outcome: Report["outcome"]): URL => {
  const url = new URL(base);
  if (outcome === "fault") url.pathname = `${url.pathname.replace(/\/+$/, "")}/fail`;
  return url;
};

export const createPing: ChannelFactory = (settings, { userAgent }) => ({
  hears: "runs",
  target: shownUrl(settings.ping ?? ""),
  send: (report, signal) =>
    request(
      settings,
      {
        channel: "ping",
        url: pingUrl(settings.ping ?? "", report.outcome),
        method: "GET",
        headers: { "User-Agent": userAgent },
      },
      signal,
    ),
});
