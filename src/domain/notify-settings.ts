// Who is told of what runs find, as the configuration names them.

export interface NotifySettings {
  /** Addresses, or names of this host (`root`), that get mail through the local sendmail. */
  readonly mail?: readonly string[];
  /** The mails' sender; absent: root of this host. */
  readonly from?: string;
  /** URL that gets news as JSON. */
  readonly webhook?: string;
  /** 0600 file with header lines for the webhook: `Authorization: Bearer ...`. */
  readonly webhookHeaderFile?: string;
  /** URL of a health check that hears of every run. */
  readonly ping?: string;
  /** File for node_exporter's textfile collector. */
  readonly prometheus?: string;
  /** PEM file: trust for the HTTPS of `webhook` and `ping`, in place of the public roots. */
  readonly caFile?: string;
}

/** The channels in the order in which they are told. */
export const channelNames = ["mail", "webhook", "ping", "prometheus"] as const;
export type ChannelName = (typeof channelNames)[number];

/** Those that are configured. */
export const channelsOf = (settings: NotifySettings): readonly ChannelName[] =>
  channelNames.filter((name) => settings[name] !== undefined);

/** As the configuration spells it. */
const rawNotify = (settings: NotifySettings): Readonly<Record<string, string | readonly string[]>> => {
  const { mail, from, webhook, webhookHeaderFile, ping, prometheus, caFile } = settings;
  const all = { mail, from, webhook, webhook_header_file: webhookHeaderFile, ping, prometheus, ca_file: caFile };
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
};

/** Whoever knows such a URL may use it: its host is all that is ever said. */
export const shownUrl = (url: string): string => {
  const { origin, pathname, search } = new URL(url);
  return pathname === "/" && search === "" ? origin : `${origin}/...`;
};

/** The same as `rawNotify`, for people to look at. */
export const shownNotify = (settings: NotifySettings): Readonly<Record<string, string | readonly string[]>> => {
  const { webhook, ping } = settings;
  return rawNotify({
    ...settings,
    ...(webhook === undefined ? {} : { webhook: shownUrl(webhook) }),
    ...(ping === undefined ? {} : { ping: shownUrl(ping) }),
  });
};
