// The registry of channels: name, one-line summary, and how to load it.
import type { ChannelName } from "../domain/notify-settings.ts";
import type { ChannelFactory } from "./channel.ts";

export const channels = {
  mail: {
    summary: "mail through this host's sendmail, when there is news",
    load: async () => (await import("./mail.ts")).createMail,
  },
  webhook: {
    summary: "news as JSON to a URL, when there is some",
    load: async () => (await import("./webhook.ts")).createWebhook,
  },
  ping: {
    summary: "a health check that hears of every run, and of its failure",
    load: async () => (await import("./ping.ts")).createPing,
  },
  prometheus: {
    summary: "a file for node_exporter's textfile collector, at every run",
    load: async () => (await import("./prometheus.ts")).createPrometheus,
  },
} satisfies Readonly<Record<ChannelName, { readonly summary: string; readonly load: () => Promise<ChannelFactory> }>>;
